/** Hostile XML: requests to the simulator, and answers that are said to come from PKB. */
import { parts, run, whole } from './repeat.js';
import type { Shape } from './shape.js';

const NAMESPACES =
  'xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:p="http://wsssl.hl7api.patientsknowbest.com/"';
const ACK = 'MSH|^~\\&amp;|HL7API|PKB|M|t|20260101||ACK^R01|1|P|2.4&#xD;MSA|AA|A1&#xD;';

function body(inner: string): string {
  return `<soap:Envelope ${NAMESPACES}><soap:Body>${inner}</soap:Body></soap:Envelope>`;
}

function answer(text: string): string {
  return body(`<p:acceptMessageResponse><return>${text}</return></p:acceptMessageResponse>`);
}

function request(text: string): string {
  return body(`<p:acceptMessage><arg0>${text}</arg0></p:acceptMessage>`);
}

function nested(depth: number, inner: string): string {
  return '<a>'.repeat(depth) + inner + '</a>'.repeat(depth);
}

/** Shapes by name. */
export const XML_SHAPES: Readonly<Record<string, Shape>> = {
  'many empty elements': (size) => body(whole('<a/>', size)),
  'many empty elements, deep down': (size) => body(nested(60, whole('<a/>', size))),
  'many pairs of tags': (size) => body(whole('<a></a>', size)),
  'many elements with prefixes': (size) => body(whole('<p:a/>', size)),
  'many elements of different names': (size) => body(parts(size, (i) => `<a${i}/>`)),
  'deep nesting': (size) => nested(size / 7, ''),
  'deep nesting that never ends': (size) => run('<a>', size),
  'many roots': (size) => whole('<a/>', size),
  'many attributes': (size) => body(`<a ${parts(size, (i) => `a${i}="1" `)}/>`),
  'many attributes of one name': (size) => body(`<a ${whole('a="1" ', size)}/>`),
  'many declarations of name spaces': (size) => body(`<a ${parts(size, (i) => `xmlns:a${i}="u" `)}/>`),
  'a long attribute': (size) => body(`<a a="${run('a', size)}"/>`),
  'a long attribute of entities': (size) => body(`<a a="${whole('&amp;', size)}"/>`),
  'an attribute that never ends': (size) => `<a a="${run('a', size)}`,
  'a long name': (size) => body(`<${run('a', size)}/>`),
  'a tag that never ends': (size) => `<${run('a', size)}`,
  'a tag of blanks': (size) => `<a${run(' ', size)}`,
  'many colons in a name': (size) => body(`<${run('a:', size)}a/>`),
  'a long comment': (size) => body(`<!--${run('a', size)}-->`),
  'a comment of hyphens': (size) => body(`<!--${run('- ', size)}-->`),
  'many comments': (size) => body(whole('<!---->', size)),
  'a comment that never ends': (size) => `<a><!--${run('-', size)}`,
  'a processing instruction of question marks': (size) => body(`<?a ${run('?', size)}?>`),
  'many processing instructions': (size) => body(whole('<?a?>', size)),
  'a DTD of entities': (size) =>
    `<!DOCTYPE a [${parts(size, (i) => `<!ENTITY e${i} "&e${i - 1};">`)}]><a>&e9;</a>`,
  'a DTD that never ends': (size) => `<!DOCTYPE a [${run('[', size)}`,
  'blanks before the document': (size) => run(' ', size) + body('<a/>'),
  'byte order marks before the document': (size) => run('\uFEFF', size) + body('<a/>'),
  'blanks behind the document': (size) => body('<a/>') + run(' ', size),
  'blanks behind the document, and x': (size) => `${body('<a/>')}${run(' ', size)}x`,
  'a long CDATA section': (size) => request(`<![CDATA[${run('a', size)}]]>`),
  'a CDATA section of brackets': (size) => request(`<![CDATA[${run(']', size)}]]>`),
  'a CDATA section that never ends': (size) => `<a><![CDATA[${run(']', size)}`,
  'many CDATA sections': (size) => request(whole('<![CDATA[a]]>', size)),
  'many split ]]>': (size) => request(`<![CDATA[${whole(']]]]><![CDATA[>', size)}]]>`),
  'text of ]]>': (size) => request(whole(']]>', size)),
  'text of entities': (size) => request(whole('&amp;', size)),
  'text of character references': (size) => request(whole('&#65;', size)),
  'text of ampersands': (size) => request(run('&', size)),
  'an entity that never ends': (size) => request(`&${run('a', size)}`),
  'a number of an entity that never ends': (size) => request(`&#${run('1', size)};`),
  'text between empty elements': (size) => request(whole('a<b/>', size)),
  'text between comments': (size) => request(whole('a<!---->', size)),
  'many arguments': (size) => body(whole('<p:acceptMessage><arg0>a</arg0></p:acceptMessage>', size)),
  'many CR in a request': (size) => request(whole('&#xD;', size)),
  'blanks in a request': (size) => request(`${run(' ', size)}MSH|`),
  'an answer of elements that hold MSA': (size) => body(whole('<a>MSA</a>', size)),
  'an answer of elements that look like an ACK': (size) => body(whole('<a>MSH|ACK MSA</a>', size)),
  'an answer of many equal ACK': (size) => body(whole(`<a>${ACK}</a>`, size)),
  'an answer of many different ACK': (size) =>
    body(parts(size, (i) => `<a>${ACK.replace('A1', String(i))}</a>`)),
  'an answer with a long element before MSA': (size) => answer(`${run(' ', size)}MSA`),
  'an answer of MSH| and MSA': (size) => answer(`${run('&#xD;MSH|', size)}MSA`),
  'an answer of an ACK and blanks and x': (size) => answer(`${ACK}${run(' ', size)}x`),
  'an answer of an ACK and CR and x': (size) => answer(`${ACK}${whole('&#xD;', size)}x`),
  'an answer of an ACK of MSA': (size) => answer(`${ACK}${whole('MSA|AA|A1&#xD;', size)}`),
  'an answer of many faults': (size) =>
    body(whole('<soap:Fault><faultstring>a</faultstring></soap:Fault>', size)),
  'a fault with a long text': (size) =>
    body(`<soap:Fault><faultstring>${run(' ', size)}x</faultstring></soap:Fault>`),
  'a page in HTML': (size) => `<!DOCTYPE html><html>${whole('<p>a<br>b', size)}</html>`,
};
