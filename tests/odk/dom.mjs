// The document object model that programs made for browsers expect, set up in Node before they are loaded.
import { JSDOM } from 'jsdom';

const { window } = new JSDOM('', { url: 'https://localhost/' });
const names = ['document', 'DOMParser', 'XMLSerializer', 'Node', 'Element', 'Document', 'XPathResult', 'XPathEvaluator', 'localStorage', 'Attr', 'Text',
  'Comment', 'CDATASection', 'ProcessingInstruction', 'XMLDocument', 'HTMLElement', 'NodeFilter'];
for (const name of names) {
  if (globalThis[name] === undefined) {
    globalThis[name] = window[name];
  }
}
globalThis.window ??= window;
globalThis.__dirname ??= '/';   // the engine's WebAssembly loader asks for it in Node, without using it
