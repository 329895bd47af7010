/**
 * A message as the simulator reads it. Its segments are found in one pass, so the time grows only with the length of the
 * message, however many segments it has.
 */
import { STANDARD_DELIMITERS } from '../hl7/delimiters.js';
import { unescape } from '../hl7/escape.js';
import { locate } from '../hl7/locate.js';
import { type Path, parsePath } from '../hl7/path.js';
import { SegmentCursor, type Span } from '../hl7/segments.js';
import { Rejection } from './rejection.js';

/** The segments that the simulator reads. */
const READ = [
  'MSH',
  'EVN',
  'PID',
  'PV1',
  'SCH',
  'TXA',
  'ORC',
  'OBR',
  'OBX',
  'AL1',
  'DG1',
  'ZRX',
  'QRD',
  'QRF',
  'DSC',
] as const;

/** The name of a segment that the simulator reads. Any other would be read as missing, so the compiler refuses it. */
export type ReadSegment = (typeof READ)[number];

/** A path into a segment that the simulator reads, such as `PID-3.1`. */
export type ReadPath = ReadSegment | `${ReadSegment}-${string}`;

const isRead = (name: string): name is ReadSegment => READ.some((one) => one === name);

/** Parsed paths. They come from the simulator's code, so there are few. */
const PATHS = new Map<string, Path>();

function pathOf(written: string): Path {
  let path = PATHS.get(written);
  if (path === undefined) PATHS.set(written, (path = parsePath(written)));
  return path;
}

/** One segment of a message. */
export interface Segment extends Span {
  readonly name: ReadSegment;
}

/** A message with the standard delimiters. */
export class ReceivedMessage {
  readonly hl7: string;
  readonly #byName = new Map<string, Segment[]>();

  /**
   * @param most upper limit of segments
   * @throws Rejection if there are more
   */
  constructor(hl7: string, most: number) {
    this.hl7 = hl7;
    const cursor = new SegmentCursor(hl7);
    let count = 0;
    while (cursor.next()) {
      if (++count > most) throw new Rejection(`More than ${most} segments (simulator wording)`);
      const name = hl7.slice(cursor.start, cursor.start + 3);
      if (!isRead(name) || !cursor.is(name, STANDARD_DELIMITERS.field)) continue;
      const segment = { name, start: cursor.start, end: cursor.end };
      const others = this.#byName.get(name);
      if (others === undefined) this.#byName.set(name, [segment]);
      else others.push(segment);
    }
  }

  /** The segments with one of these names, in the order of the message. */
  all(...names: readonly ReadSegment[]): readonly Segment[] {
    const found = names.map((name) => this.#byName.get(name) ?? []);
    return found.length === 1 ? (found[0] ?? []) : found.flat().toSorted((a, b) => a.start - b.start);
  }

  /**
   * The raw text at a path.
   *
   * @param path such as `PID-3.1`; never made from data
   * @param segment the segment to read; default: the first one with the path's name
   * @returns undefined if there is no such place
   */
  raw(path: ReadPath, segment?: Segment): string | undefined {
    const parsed = pathOf(path);
    const span = segment ?? this.#byName.get(parsed.segment)?.[0];
    return span && rawIn(this.hl7.slice(span.start, span.end), parsed);
  }

  /** The plain text at a path; blank if there is no such place. */
  text(path: ReadPath, segment?: Segment): string {
    return unescape(this.raw(path, segment) ?? '');
  }
}

/** Reads the text of one segment only, so that a missing delimiter is not searched for in the whole message. */
function rawIn(text: string, path: Path): string | undefined {
  const place = locate(text, { start: 0, end: text.length }, path, STANDARD_DELIMITERS);
  return place.filler === '' ? text.slice(place.start, place.end) : undefined;
}
