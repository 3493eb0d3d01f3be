// Runs a WebAssembly program under WASI:  node wasi.mjs PROGRAM FOLDER ARGUMENTS...   (FOLDER is /data inside)
// or lists what a module imports:         node wasi.mjs --imports PROGRAM
import { readFileSync } from 'node:fs';
import { WASI } from 'node:wasi';

const [first, second, ...rest] = process.argv.slice(2);
if (first === '--imports') {
  for (const i of WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(second))))
    console.log(`${i.module}.${i.name}`);
} else {
  const wasi = new WASI({ version: 'preview1', args: ['program', ...rest], env: {}, preopens: { '/data': second }, returnOnExit: true });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(first)), { wasi_snapshot_preview1: wasi.wasiImport });
  process.exitCode = wasi.start(instance);
}
