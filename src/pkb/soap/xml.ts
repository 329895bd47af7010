/**
 * Reads XML from outside: without DTD and own entities, with limits for depth and size.
 */
import { SaxesParser } from 'saxes';

/** Deeper nesting than any SOAP answer has; deeper input is refused. */
const MAX_DEPTH = 64;

/** More elements than any SOAP answer has; more are refused. */
const MAX_ELEMENTS = 10_000;

/** More attributes than any element of a SOAP answer has. */
const MAX_ATTRIBUTES = 100;

/** Length of the pieces in which a document is read, in UTF-16 units. */
const PIECE = 16_384;

/** One element: its local name, the names of its ancestors, and its own text. */
export interface XmlElement {
  /** Local names from the root to this element. */
  readonly path: readonly string[];
  /** The text directly in this element, with CDATA and character references resolved. */
  readonly text: string;
  /** Whether the element declares its text as base64 (`xsi:type="xsd:base64Binary"`). */
  readonly isBase64: boolean;
}

/**
 * Reads the elements of a document, in the order of their ends. Prefixes are dropped, because the sender chooses them.
 *
 * @param xml the document; the caller limits its size
 * @returns undefined if it is not well formed, declares a DTD, is nested too deep or has too many elements
 */
export function readXml(xml: string): XmlElement[] | undefined {
  const elements: XmlElement[] = [];
  const path: string[] = [];
  const texts: string[] = [];
  const base64: boolean[] = [];
  const parser = new SaxesParser({ position: false });
  const state = { refused: false };
  const refuse = (): void => {
    state.refused = true;
  };
  const append = (text: string): void => {
    if (texts.length > 0) texts[texts.length - 1] += text;
  };
  parser.on('error', refuse);
  parser.on('doctype', refuse);
  parser.on('text', append);
  parser.on('cdata', append);
  // Counted one by one, because the parser searches for duplicates only when the tag ends, however many there are.
  let attributes = 0;
  parser.on('attribute', () => {
    if (++attributes > MAX_ATTRIBUTES) refuse();
  });
  parser.on('opentag', (tag) => {
    attributes = 0;
    path.push(tag.name.slice(tag.name.indexOf(':') + 1));
    texts.push('');
    base64.push(Object.entries(tag.attributes).some(isBase64Type));
    if (path.length > MAX_DEPTH) refuse();
  });
  parser.on('closetag', () => {
    if (elements.length >= MAX_ELEMENTS) return refuse();
    elements.push({ path: [...path], text: texts.pop() ?? '', isBase64: base64.pop() ?? false });
    path.pop();
  });
  // Written in pieces, so that a refused document is not read to its end.
  for (let at = 0; at < xml.length && !state.refused; at += PIECE) parser.write(xml.slice(at, at + PIECE));
  if (!state.refused) parser.close();
  return state.refused ? undefined : elements;
}

function isBase64Type([name, value]: [string, unknown]): boolean {
  return /(?:^|:)type$/.test(name) && /(?:^|:)base64Binary$/.test(String(value).trim());
}
