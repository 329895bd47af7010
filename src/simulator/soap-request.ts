/**
 * Reads the request of PKB's SOAP service as strictly as a SOAP stack does (PKB page 3364848418): SOAP 1.1, one
 * `acceptMessage` in the Body, one unqualified `arg0` in it.
 */
import { SaxesParser, type SaxesTagNS } from 'saxes';
import { endSegmentsByCr } from '../hl7/input.js';

/** The namespace of SOAP 1.1 envelopes. */
export const SOAP_NAMESPACE = 'http://schemas.xmlsoap.org/soap/envelope/';

/** The namespace of PKB's service. */
export const SERVICE_NAMESPACE = 'http://wsssl.hl7api.patientsknowbest.com/';

const SOAP_12 = 'http://www.w3.org/2003/05/soap-envelope';

/** More than any request has. Reading stops beyond it. */
const MOST_ELEMENTS = 1_000;
const MOST_ATTRIBUTES = 1_000;
const DEEPEST = 64;

/** Number of characters given to the parser at once. A refused request is read at most this much further. */
const PIECE = 16_384;

/**
 * A CDATA section that was ended because its text holds its end, and begun anew; and the character of the private use area that
 * stands for it while the document is read, so that a text full of such ends is read as fast as any other.
 */
const SPLIT_END = ']]]]><![CDATA[>';
const STAND_IN = '\uf8ff';

/** Thrown for a request that gets a SOAP fault; its text is the fault string. */
class RequestFault extends Error {}

/**
 * Reads a request.
 *
 * @param xml the whole document; the caller limits its size
 * @returns the HL7 text with CR at the end of segments, or the fault as a sentence without any quotation
 */
export function readSoapRequest(xml: string): { hl7: string } | { fault: string } {
  // A character reference may be the stand-in, too.
  const isStandInFree = !xml.includes(STAND_IN) && !xml.includes('&#');
  const document = isStandInFree ? xml.replaceAll(SPLIT_END, STAND_IN) : xml;
  const reader = new RequestReader(isStandInFree);
  try {
    for (let at = 0; at < document.length; at += PIECE) reader.write(document.slice(at, at + PIECE));
    return { hl7: endSegmentsByCr(reader.end().trimStart()) };
  } catch (error) {
    return { fault: error instanceof RequestFault ? error.message : 'The request is not well-formed XML.' };
  }
}

/** Checks the elements of a document, and keeps only the text of the first `arg0`. */
class RequestReader {
  readonly #parser = new SaxesParser({ xmlns: true, position: false });
  #depth = 0;
  #elements = 0;
  #attributes = 0;
  /** The current child of the Envelope: none, the Header or the Body. */
  #part: 'none' | 'Header' | 'Body' = 'none';
  #bodies = 0;
  #operations = 0;
  #arguments = 0;
  #inArgument = false;
  #text = '';

  readonly #hasStandIns: boolean;

  /** @param hasStandIns whether {@link STAND_IN} stands for {@link SPLIT_END} */
  constructor(hasStandIns: boolean) {
    this.#hasStandIns = hasStandIns;
    const parser = this.#parser;
    const append = (text: string): void => {
      if (this.#inArgument) this.#text += text;
    };
    // Outside of CDATA the end of a section is not well-formed, and neither is a tag in an attribute.
    const refuseSplitEnd = (text: string): void => {
      if (hasStandIns && text.includes(STAND_IN)) fault('The request is not well-formed XML.');
    };
    parser.on('text', (text) => {
      refuseSplitEnd(text);
      append(text);
    });
    parser.on('cdata', append);
    parser.on('doctype', () => fault('The request declares a DTD, which SOAP forbids.'));
    parser.on('attribute', ({ value }) => {
      refuseSplitEnd(value);
      if (++this.#attributes > MOST_ATTRIBUTES) fault('The request has too many attributes.');
    });
    parser.on('opentag', (tag) => this.#open(tag));
    parser.on('closetag', () => {
      if (this.#depth-- === 4) this.#inArgument = false;
    });
  }

  /** Without an error handler the parser throws, so nothing is read after the first error. */
  write(piece: string): void {
    this.#parser.write(piece);
  }

  /** @returns the text of arg0 */
  end(): string {
    this.#parser.close();
    if (this.#bodies === 0) fault('The Envelope has no Body.');
    if (this.#operations === 0) fault('The Body holds no acceptMessage.');
    if (this.#arguments === 0) fault('acceptMessage holds no arg0.');
    return this.#hasStandIns ? this.#text.replaceAll(STAND_IN, ']]>') : this.#text;
  }

  #open(tag: SaxesTagNS): void {
    if (++this.#elements > MOST_ELEMENTS) fault('The request has too many elements.');
    switch (++this.#depth) {
      case 1:
        return checkEnvelope(tag);
      case 2:
        return this.#openPart(tag);
      case 3:
        return this.#openBlock(tag);
      case 4:
        return this.#openArgument(tag);
      default:
        if (this.#inArgument) fault('arg0 must hold text only: put the message into a CDATA section.');
        if (this.#depth > DEEPEST) fault('The elements of the request are nested too deep.');
    }
  }

  #openPart({ uri, local }: SaxesTagNS): void {
    if (uri !== SOAP_NAMESPACE || (local !== 'Header' && local !== 'Body'))
      fault('The Envelope holds an element that is neither Header nor Body of SOAP 1.1.');
    if (this.#bodies > 0) fault('The Envelope holds an element behind its Body.');
    if (local === 'Header' && this.#part === 'Header') fault('The Envelope has more than one Header.');
    this.#part = local;
    if (local === 'Body') this.#bodies++;
  }

  #openBlock(tag: SaxesTagNS): void {
    if (this.#part === 'Header') return checkHeaderBlock(tag);
    if (tag.local !== 'acceptMessage') fault('The Body holds another element than acceptMessage.');
    if (tag.uri !== SERVICE_NAMESPACE) fault(`acceptMessage must be in the namespace ${SERVICE_NAMESPACE}`);
    if (++this.#operations > 1) fault('The Body holds more than one acceptMessage.');
  }

  #openArgument({ uri, local }: SaxesTagNS): void {
    if (this.#part === 'Header') return;
    if (local !== 'arg0') fault('acceptMessage holds another element than arg0.');
    if (uri !== '')
      fault('arg0 must be in no namespace: write it without a prefix, and no default namespace.');
    if (++this.#arguments > 1) fault('acceptMessage holds more than one arg0.');
    this.#inArgument = true;
  }
}

function checkEnvelope({ uri, local }: SaxesTagNS): void {
  if (local !== 'Envelope') fault('The root of the request is no SOAP Envelope.');
  if (uri === SOAP_12) fault('The Envelope is of SOAP 1.2; PKB speaks SOAP 1.1.');
  if (uri !== SOAP_NAMESPACE) fault(`The Envelope must be in the namespace ${SOAP_NAMESPACE}`);
}

/** Refuses a header block with mustUnderstand (SOAP 1.1, section 4.2.3), because PKB documents no header block. */
function checkHeaderBlock({ attributes, local, uri }: SaxesTagNS): void {
  if (local === 'acceptMessage' && uri === SERVICE_NAMESPACE)
    fault('acceptMessage stands in the Header; it belongs into the Body.');
  const must = Object.values(attributes).some(
    (one) => one.uri === SOAP_NAMESPACE && one.local === 'mustUnderstand' && one.value === '1',
  );
  if (must) fault('The Header holds a block that must be understood, and the service knows none.');
}

function fault(text: string): never {
  throw new RequestFault(text);
}
