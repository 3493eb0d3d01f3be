// Answers of the two public evaluators of ODK's XPath to many expressions, as JSON lines: the reference for ours.
//   TZ=UTC node vectors.mjs > xpath-vectors.jsonl
// First line: the document and the instance. Then one line an expression: its context and what each evaluator says (g: @getodk/xpath,
// o: openrosa-xpath-evaluator): {type, string, number, boolean, nodes} or {error}. Numbers that JSON does not have are texts.
import './dom.mjs';
import { DEFAULT_DOM_ADAPTER, XFormsXPathEvaluator } from '@getodk/xpath';
import openrosa from 'openrosa-xpath-evaluator';
import { expressions } from './expressions.mjs';

const recordText = `<data id="f" version="3"><a>1</a><b>-2.5</b><c>hello world</c><d>2026-11-22</d><e/><f>a b c</f><g><h>10</h><i>yes</i></g>`
  + `<r><n>1</n><m>x</m><s><k>1</k></s><s><k>2</k></s></r><r><n/><m>y</m><s><k>3</k></s></r><r><n>3</n><m>z</m></r>`
  + `<p>1.5 2.5 0 0</p><q>0 0.1;0 1;1 1;0 0.1</q><t>2026-11-22T10:11:12.345+02:00</t><u>false</u><w at="7">  pad  </w></data>`;
const instanceText = `<instance id="l"><root><item><name>a</name><label>A</label><w>1</w></item><item><name>b</name><label>B</label><w>2</w></item>`
  + `<item><name>c</name><label>C</label><w/></item><item><name>b</name><label>B2</label><w>4</w></item></root></instance>`;

const parse = (text) => new DOMParser().parseFromString(text, 'text/xml');
const record = parse(recordText);
const instance = parse(instanceText).documentElement;
const getodk = new XFormsXPathEvaluator({
  domAdapter: DEFAULT_DOM_ADAPTER,
  rootNode: record,
  itextTranslationsByLanguage: new Map(),
  secondaryInstancesById: new Map([['l', instance]]),
});
const openrosaEvaluator = openrosa();
const namespaces = { lookupNamespaceURI: (prefix) => ({ jr: 'http://openrosa.org/javarosa' })[prefix] ?? null };

/** "/data[1]/r[2]/n[1]", "/data[1]/@id" */
function path(node) {
  if (node.nodeType === Node.ATTRIBUTE_NODE) {
    return `${path(node.ownerElement)}/@${node.name}`;
  }
  if (node.nodeType !== Node.ELEMENT_NODE) {
    return node.nodeType === Node.DOCUMENT_NODE ? '/' : '(text)';
  }
  let position = 1;
  for (let before = node.previousElementSibling; before; before = before.previousElementSibling) {
    position += before.nodeName === node.nodeName ? 1 : 0;
  }
  const above = node.parentNode?.nodeType === Node.ELEMENT_NODE ? path(node.parentNode) : '';
  return `${above}/${node.nodeName}[${position}]`;
}

const plain = (number) => (Number.isFinite(number) && !Object.is(number, -0) ? number : Object.is(number, -0) ? '-0' : String(number));

function ask(evaluate, expression, context) {
  try {
    const result = evaluate(expression, context, namespaces, XPathResult.ANY_TYPE);
    const type = { 1: 'number', 2: 'string', 3: 'boolean' }[result.resultType] ?? 'nodes';
    const answer = { type };
    answer.string = evaluate(expression, context, namespaces, XPathResult.STRING_TYPE).stringValue;
    answer.number = plain(evaluate(expression, context, namespaces, XPathResult.NUMBER_TYPE).numberValue);
    answer.boolean = evaluate(expression, context, namespaces, XPathResult.BOOLEAN_TYPE).booleanValue;
    if (type === 'nodes') {
      const nodes = evaluate(expression, context, namespaces, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE);
      answer.nodes = Array.from({ length: nodes.snapshotLength }, (_, i) => path(nodes.snapshotItem(i)));
    }
    return answer;
  } catch (error) {
    return { error: String(error?.message ?? error).replace(/\s+/g, ' ').slice(0, 160) };
  }
}

console.log(JSON.stringify({ record: recordText, instance: instanceText }));
const find = (xpath) => document.evaluate.call(record, xpath, record, null, XPathResult.FIRST_ORDERED_NODE_TYPE).singleNodeValue;
for (const { expression, context } of expressions()) {
  const node = find(context);
  const g = ask((...a) => getodk.evaluate(...a), expression, node);
  const o = ask((...a) => openrosaEvaluator.evaluate(...a), expression, node);
  console.log(JSON.stringify({ context, expression, g, o }));
}
