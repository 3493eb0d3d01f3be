/* The real server for the tests: `survey serve` of a study on a free port of the loopback, which can be stopped, killed and started again at the same address. */
import { spawn, spawnSync } from 'node:child_process';
import readline from 'node:readline';

const running = new Set();
process.on('exit', () => { for (const child of running) child.kill('SIGKILL'); });     // also when a test failed

export class Server {
  constructor(survey, study, form, options = ['--quiet']) { Object.assign(this, { survey, study, form, options, listen: '127.0.0.1:0' }); }

  async start() {
    const child = this.child = spawn(this.survey, ['serve', this.study, '--listen', this.listen, '--form-folder', this.form, ...this.options], { stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    child.once('exit', () => running.delete(child));
    let errors = '';
    child.stderr.on('data', data => { errors += data; });
    this.gone = new Promise(resolve => child.once('exit', resolve));
    let setup;
    this.setup = new Promise(resolve => { setup = resolve; });       // where the first administrator comes in; never told when there is one
    const address = await new Promise((resolve, reject) => {
      readline.createInterface({ input: child.stdout }).on('line', line => { const found = /https?:\/\/\S+/.exec(line); if (found?.[0].includes('/l/')) setup(found[0]); else if (found) resolve(found[0]); });
      child.once('exit', status => reject(new Error(`survey serve ended with ${status}: ${errors}`)));
      setTimeout(() => reject(new Error('survey serve says no address: ' + errors)), 20000).unref();
    });
    this.url = address.replace(/\/+$/, '');
    this.listen = new URL(this.url).host;
    return this;
  }

  async stop(signal = 'SIGTERM') { this.child.kill(signal); await this.gone; }
}

/** Runs the command; its standard output. */
export function run(survey, args, input) {
  const done = spawnSync(survey, args, { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (done.status !== 0) throw new Error(`survey ${args.join(' ')}: ${done.status}\n${done.stderr}`);
  return done.stdout;
}
