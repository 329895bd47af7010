/**
 * Reading XML that comes from outside: no DTD, no entities of its own, bounded depth and size.
 */
import { SaxesParser } from 'saxes';

/** Deeper nesting than any SOAP answer has; deeper input is refused. */
const MAX_DEPTH = 64;

/** One element that was read: its local name, those of its ancestors, and its own text. */
export interface XmlElement {
  /** Local names from the root to this element. */
  readonly path: readonly string[];
  /** The text directly in this element, with CDATA and character references resolved. */
  readonly text: string;
}

/**
 * Reads the elements of a document, in the order in which they end. Prefixes are dropped: they are the sender's choice.
 *
 * @param xml the document; its size must have been bounded by the caller
 * @returns undefined where it is not well formed, declares a DTD, or nests too deep
 */
export function readXml(xml: string): XmlElement[] | undefined {
  const elements: XmlElement[] = [];
  const path: string[] = [];
  const texts: string[] = [];
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
  parser.on('opentag', (tag) => {
    path.push(tag.name.slice(tag.name.indexOf(':') + 1));
    texts.push('');
    if (path.length > MAX_DEPTH) refuse();
  });
  parser.on('closetag', () => {
    elements.push({ path: [...path], text: texts.pop() ?? '' });
    path.pop();
  });
  // Fed in pieces, so that a refused document is not read to its end.
  for (let at = 0; at < xml.length && !state.refused; at += 16_384) parser.write(xml.slice(at, at + 16_384));
  if (!state.refused) parser.close();
  return state.refused ? undefined : elements;
}
