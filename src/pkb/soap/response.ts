/**
 * What PKB's answer says. Its shape is not documented (only the acknowledgement in it is, page 3364848470), so it is read
 * tolerantly, and nothing but an AA for this very message counts as accepted.
 */
import { type Acknowledgement, readAck } from '../../hl7/ack.js';
import { readXml, type XmlElement } from './xml.js';

/** What an answer means for the message it answers. */
export type DecodedOutcome = 'accepted' | 'rejected' | 'errored' | 'refused' | 'unknown';

/** An answer, read. */
export interface DecodedResponse {
  readonly outcome: DecodedOutcome;
  /** MSA-1 where there is an acknowledgement. */
  readonly code?: string;
  /** MSA-2 where there is an acknowledgement. */
  readonly controlId?: string;
  /** MSA-3, or the fault string of a SOAP fault; may quote the message, so it belongs in no log. */
  readonly text?: string;
  /** The acknowledgement as it came. */
  readonly ack?: string;
}

/** Answers beyond this size are not read: an acknowledgement has a few hundred bytes. */
export const MAX_RESPONSE_BYTES = 1024 * 1024;

/**
 * Reads the body of a 200 answer or of a SOAP fault: a SOAP response with any prefix, its ACK as text or CDATA with
 * character references and any line ends; a SOAP 1.1 or 1.2 fault; or a bare ACK.
 *
 * @param body text or UTF-8 bytes; may be anything
 * @param controlId MSH-10 of the message that was sent
 * @returns never throws; `unknown` for whatever is not surely an answer to this message
 */
export function decodeResponse(body: string | Uint8Array, controlId: string): DecodedResponse {
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) return { outcome: 'unknown' };
  if (body.length > MAX_RESPONSE_BYTES) return { outcome: 'unknown' };
  const text = (typeof body === 'string' ? body : new TextDecoder().decode(body))
    .replace(/^\uFEFF/, '')
    .trim();
  if (!text.startsWith('<')) return judge(readAck(text), controlId);
  const elements = readXml(text);
  if (elements === undefined) return { outcome: 'unknown' };
  const decoded = judge(findAck(elements), controlId);
  const fault = elements.find(({ path }) => path.at(-1) === 'Fault');
  if (fault === undefined || decoded.outcome === 'rejected' || decoded.outcome === 'errored') return decoded;
  return { outcome: 'refused', text: faultText(elements) };
}

function judge(ack: Acknowledgement | undefined, controlId: string): DecodedResponse {
  if (ack === undefined) return { outcome: 'unknown' };
  return { outcome: outcomeOf(ack, controlId), ...ack };
}

function outcomeOf(ack: Acknowledgement, sent: string): DecodedOutcome {
  // PKB may give the ID back without the white space it was sent with; readAck has taken it off the answer.
  const wanted = sent.trim();
  const matches = wanted !== '' && ack.controlId === wanted;
  // Whether PKB fills MSA-2 for a message it could not parse is unknown; the answer came on this message's own request,
  // so a rejection without an ID is ours. An acceptance without one is not enough.
  const ours = matches || ack.controlId === '';
  if (ack.code === 'AA' && matches) return 'accepted';
  if (ack.code === 'AR' && ours) return 'rejected';
  if (ack.code === 'AE' && ours) return 'errored';
  return 'unknown';
}

/** The one acknowledgement in an answer, in whichever element it stands; none where there are several that differ. */
function findAck(elements: readonly XmlElement[]): Acknowledgement | undefined {
  let found: Acknowledgement | undefined;
  for (const { text } of elements) {
    const ack = text.includes('MSA') ? readAck(text) : undefined;
    if (ack !== undefined && found !== undefined && ack.ack !== found.ack) return undefined;
    found ??= ack;
  }
  return found;
}

/** SOAP 1.1 says `faultstring`, SOAP 1.2 `Reason/Text`. */
function faultText(elements: readonly XmlElement[]): string {
  const named = elements.find(
    ({ path }) => path.at(-1) === 'faultstring' || path.slice(-2).join('/') === 'Reason/Text',
  );
  return (named?.text ?? '').trim();
}
