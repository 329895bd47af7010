/**
 * The properties of a message, read in one place for stamping, the guard, sending and the order of delivery.
 */
import { unescape } from '../hl7/escape.js';
import { fieldOf, type Header, isEmpty, messageTypeOf, readHeader } from '../hl7/header.js';
import { own } from '../hl7/own.js';
import { read } from '../hl7/read.js';
import { findSegment } from '../hl7/segments.js';
import { messageTypeRow } from './catalogue.js';
import { type DataPoint, dataPointOf } from './data-point.js';
import { identifiersIn, type PidIdentifier } from './identifiers.js';

/**
 * A message whose header can be read. Other properties are read when they are first used, and kept.
 */
export class SendableMessage {
  /** MSH-9.1 and MSH-9.2 as in the message, such as `ADT^A28`. */
  readonly messageType: string;
  #dataPoint: { readonly found: DataPoint | undefined } | undefined;
  #identifiers: readonly PidIdentifier[] | undefined;

  /**
   * @param text HL7 text that begins with MSH; segments end with CR, LF or CRLF
   * @param header the header of this text, if it has been read before
   * @throws PkbMessageError `PKB_HL7_EMPTY`, `PKB_HL7_NO_MSH`, `PKB_HL7_ENCODING_CHARACTERS` or `PKB_HL7_HEADER_SHORT`
   */
  constructor(
    readonly text: string,
    readonly header: Header = readHeader(text),
  ) {
    this.messageType = messageTypeOf(fieldOf(text, header, 9));
  }

  /** Raw text of MSH-n (n 3 or more); blank if it is missing. */
  msh(n: number): string {
    return fieldOf(this.text, this.header, n);
  }

  /** Whether MSH-n (n 3 or more) is empty or missing. */
  lacks(n: number): boolean {
    return isEmpty(this.header, n);
  }

  /** MSH-10 as plain text, which PKB's acknowledgement repeats; blank if the message has none. */
  get controlId(): string {
    return own(unescape(this.msh(10)).trim());
  }

  /** Raw MSH-4: the Customer. */
  get facility(): string {
    return this.msh(4);
  }

  /** The data point that the message names; undefined for types without one; with a blank ID if the field is empty. */
  get dataPoint(): DataPoint | undefined {
    this.#dataPoint ??= { found: dataPointOf(this.text, this.messageType) };
    return this.#dataPoint.found;
  }

  /** The patient's identifiers: PID-2, then PID-3 of the first PID, in the order of their repetitions. */
  get identifiers(): readonly PidIdentifier[] {
    this.#identifiers ??= this.#readIdentifiers();
    return this.#identifiers;
  }

  /**
   * The harm that a second copy of the message does at PKB, as a sentence; undefined if none is known. PKB replaces most
   * data by its data point ID, so a second copy changes nothing. The catalogue lists the exceptions.
   */
  get harmOfResending(): string | undefined {
    const harm = messageTypeRow(this.messageType)?.resent;
    if (harm === undefined) return undefined;
    const { only } = harm;
    return only === undefined || read(this.text, only.path) === only.value ? harm.text : undefined;
  }

  #readIdentifiers(): PidIdentifier[] {
    const pid = findSegment(this.text, 'PID', 1, '|');
    if (pid === undefined) return [];
    const [, , two = '', three = ''] = this.text.slice(pid.start, pid.end).split('|', 4);
    return [...identifiersIn(2, two), ...identifiersIn(3, three)];
  }
}
