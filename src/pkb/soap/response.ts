/**
 * Reads PKB's answer. Its form is not documented, only the acknowledgement in it (page 3364848470). So it is read
 * tolerantly, and only an AA for this very message counts as accepted.
 */
import { type Acknowledgement, readAck } from '../../hl7/ack.js';
import { QUERY } from '../query-answer.js';
import { answerText, type Media } from './answer-text.js';
import { readXml, type XmlElement } from './xml.js';

/** What an answer means for its message. */
export type DecodedOutcome = 'accepted' | 'rejected' | 'errored' | 'refused' | 'unknown';

/** The content of an answer. */
export interface DecodedResponse {
  readonly outcome: DecodedOutcome;
  /** MSA-1, if there is an acknowledgement. */
  readonly code?: string;
  /** MSA-2, if there is an acknowledgement. */
  readonly controlId?: string;
  /** MSA-3, or the fault string of a SOAP fault; may quote the message, so it belongs in no log. */
  readonly text?: string;
  /** The acknowledgement as received. */
  readonly ack?: string;
}

/** The content of an answer, with the details that classify a refusal. */
export interface Answered extends DecodedResponse {
  /** Whether a SOAP fault is about credentials or permission. */
  readonly fault?: 'credentials' | 'other';
  /** Whether the answer is SOAP or HL7, and so comes from PKB, whatever it says. */
  readonly isAnswer: boolean;
  /** Whether it is XML that breaks off or cannot be read. */
  readonly isBroken?: boolean;
}

/** Larger answers are not read. An acknowledgement has a few hundred bytes. */
export const MAX_RESPONSE_BYTES = 1024 * 1024;

/** Limit for answers to queries: they hold patients of about 100 bytes each. */
export const MAX_QUERY_RESPONSE_BYTES = 16 * MAX_RESPONSE_BYTES;

/** The largest size of an answer to a message, in bytes. @param messageType such as `QRY^A19` */
export function answerLimit(messageType: string): number {
  return messageType === QUERY ? MAX_QUERY_RESPONSE_BYTES : MAX_RESPONSE_BYTES;
}

/**
 * Reads the body of a 200 answer or of a SOAP fault: a SOAP response with any prefix, a SOAP 1.1 or 1.2 fault, or a bare ACK.
 * The ACK may be text or CDATA with character references and any line ends, base64, or an attachment.
 *
 * @param body text, or bytes of one document, in UTF-8 or in the encoding that they declare; may be anything
 * @param controlId MSH-10 of the message that was sent
 * @returns `unknown` for anything that is not surely an answer to this message; never throws
 */
export function decodeResponse(body: string | Uint8Array, controlId: string): DecodedResponse {
  const {
    isAnswer: _isAnswer,
    isBroken: _isBroken,
    fault: _fault,
    ...decoded
  } = readAnswer(body, controlId, {});
  return decoded;
}

/**
 * As {@link decodeResponse}, with the details that classify a refusal.
 *
 * @param media the headers that describe the body
 * @param limit the largest size, in bytes
 */
export function readAnswer(
  body: string | Uint8Array,
  controlId: string,
  media: Media,
  limit = MAX_RESPONSE_BYTES,
): Answered {
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) return NO_ANSWER;
  if (body.length > limit) return NO_ANSWER;
  const answer = typeof body === 'string' ? { text: body, attachments: [] } : answerText(body, media, limit);
  if (answer === undefined) return NO_ANSWER;
  const [root = NOTHING, ...others] = [answer.text, ...answer.attachments].map(documentOf);
  if (root.isBroken) return { ...NO_ANSWER, isBroken: true };
  const documents = [root, ...others];
  const elements = documents.flatMap((document) => document.elements);
  const isSoap = root.elements.at(-1)?.path[0] === 'Envelope';
  const isAnswer = isSoap || root.texts.some((text) => text.startsWith('MSH'));
  const decoded = judge(findAck(documents.flatMap(({ texts }) => texts)), controlId, isAnswer);
  const isFault = elements.some(({ path }) => path.at(-1) === 'Fault');
  if (!isFault || decoded.outcome === 'rejected' || decoded.outcome === 'errored') return decoded;
  return {
    outcome: 'refused',
    text: faultText(elements),
    fault: speaksOfCredentials(elements) ? 'credentials' : 'other',
    isAnswer: isSoap,
  };
}

/** One document of an answer: XML, or a bare text. */
interface AnswerDocument {
  readonly elements: readonly XmlElement[];
  /** The texts that may contain an acknowledgement. */
  readonly texts: readonly string[];
  /** Whether it is XML that cannot be read. */
  readonly isBroken: boolean;
}

const NOTHING: AnswerDocument = { elements: [], texts: [], isBroken: false };

function documentOf(given: string): AnswerDocument {
  const text = given.replace(/^\uFEFF/, '').trim();
  if (!text.startsWith('<')) return { elements: [], texts: [text], isBroken: false };
  const elements = readXml(withoutIllegal(text));
  if (elements === undefined) return { elements: [], texts: [text], isBroken: true };
  const texts = elements.map(({ text: own, isBase64 }) =>
    isBase64 ? Buffer.from(own, 'base64').toString('utf8') : own,
  );
  return { elements, texts, isBroken: false };
}

const NO_ANSWER: Answered = { outcome: 'unknown', isAnswer: false };

/**
 * Replaces characters that XML cannot carry, and character references to them, because some stacks send them anyway.
 * Characters of an MLLP frame become line ends.
 */
function withoutIllegal(xml: string): string {
  const replacement = (code: number): string | undefined => {
    if (code === 0x0b || code === 0x1c) return '\n';
    const isLegal =
      code === 9 ||
      code === 10 ||
      code === 13 ||
      (code >= 0x20 && code <= 0xd7ff) ||
      (code >= 0xe000 && code <= 0xfffd) ||
      (code >= 0x10000 && code <= 0x10ffff);
    return isLegal ? undefined : '\uFFFD';
  };
  const characters = xml
    .toWellFormed()
    .replaceAll(
      /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g,
      (character) => replacement(character.charCodeAt(0)) ?? character,
    );
  if (!characters.includes('&#')) return characters;
  return characters.replaceAll(
    /&#(?:x([0-9a-fA-F]{1,8})|(\d{1,9}));/g,
    (reference, hex, decimal) =>
      replacement(hex === undefined ? Number(decimal) : Number.parseInt(String(hex), 16)) ?? reference,
  );
}

function judge(ack: Acknowledgement | undefined, controlId: string, isAnswer: boolean): Answered {
  if (ack === undefined) return { outcome: 'unknown', isAnswer };
  return { outcome: outcomeOf(ack, controlId), ...ack, isAnswer: true };
}

function outcomeOf(ack: Acknowledgement, sent: string): DecodedOutcome {
  // PKB may repeat the ID without the white space around it, and readAck has removed it from the answer.
  const wanted = sent.trim();
  const matches = wanted !== '' && ack.controlId === wanted;
  // We do not know whether PKB fills MSA-2 for a message that it could not parse. The answer came on this message's own
  // request, so a rejection without an ID counts for it. An acceptance without one is not enough.
  const ours = matches || ack.controlId === '';
  if (ack.code === 'AA' && matches) return 'accepted';
  if (ack.code === 'AR' && ours) return 'rejected';
  if (ack.code === 'AE' && ours) return 'errored';
  return 'unknown';
}

/** The acknowledgement in an answer, wherever it is; undefined if there are several that differ. */
function findAck(texts: readonly string[]): Acknowledgement | undefined {
  let found: Acknowledgement | undefined;
  for (const text of texts) {
    const ack = text.includes('MSA') ? readAck(text) : undefined;
    if (ack !== undefined && found !== undefined && ack.ack !== found.ack) return undefined;
    found ??= ack;
  }
  return found;
}

/** Codes of WS-Security (SOAP Message Security 1.1, 12), and similar words that servers use. */
const CREDENTIAL_CODES =
  /FailedAuthentication|FailedCheck|InvalidSecurity|SecurityToken|InvalidCredential|Unauthori[sz]ed|AccessDenied|NotAuthori[sz]ed/i;
const CREDENTIAL_WORDS =
  /InvalidCredential|FailedAuthentication|InvalidSecurity|(?:bad|invalid|wrong|unknown) (?:credentials|user ?name|password)|authentication (?:failed|required)|not authori[sz]ed|unauthori[sz]ed|access (?:is )?denied/i;

/** Looks only at the beginning of the text, because a fault may quote the message. */
function speaksOfCredentials(elements: readonly XmlElement[]): boolean {
  const code = elements
    .filter(({ path }) => path.at(-1) === 'faultcode' || path.slice(-2).join('/').endsWith('ode/Value'))
    .map(({ text }) => text.slice(0, 200));
  return (
    code.some((text) => CREDENTIAL_CODES.test(text)) ||
    CREDENTIAL_WORDS.test(faultText(elements).slice(0, 200))
  );
}

/** The text of a fault: `faultstring` in SOAP 1.1, `Reason/Text` in SOAP 1.2. */
function faultText(elements: readonly XmlElement[]): string {
  const named = elements.find(
    ({ path }) => path.at(-1) === 'faultstring' || path.slice(-2).join('/') === 'Reason/Text',
  );
  return (named?.text ?? '').trim();
}
