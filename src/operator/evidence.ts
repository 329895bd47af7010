/**
 * A pack of evidence for PKB's sign-off of a feed (PKB page 3365012127, "Testing & Evidence"): chosen messages with what PKB answered, and
 * when, of which versions. What is masked here is masked before anything of it is written.
 */
import type { MessageLife, MessageState } from '../delivery/outbox/ledger.js';
import { reasonOf } from '../delivery/outcome.js';
import { isoTime } from '../iso-time.js';
import { csv } from './csv.js';
import { type Masking, MessageMask } from './masking.js';

/** How and of what a pack is made. */
export interface EvidenceAbout extends Masking {
  /** Milliseconds since 1970. */
  readonly madeAt: number;
  readonly madeBy: string;
  /** Of this package, of Node-RED and of Node.js. */
  readonly versions: { readonly package: string; readonly nodeRed: string; readonly node: string };
  readonly environment: string;
  /** Where the connection sends to, without credentials; blank where it has none. */
  readonly address: string;
}

/** One message of a pack. All its texts are as they are to be shown. */
export interface EvidenceEntry {
  readonly id: number;
  /** The message's own reference; blank where it has none. */
  readonly testCase: string;
  readonly state: MessageState;
  readonly messageType: string;
  /** MSH-4. */
  readonly customer: string;
  readonly controlId: string;
  readonly dataPointId: string;
  /** Milliseconds since 1970. */
  readonly storedAt: number;
  readonly endedAt: number | undefined;
  readonly attempts: readonly { readonly at: number; readonly outcome: string; readonly reason: string }[];
  /** MSA-1 and MSA-2; blank where PKB has not acknowledged it. */
  readonly code: string;
  readonly answers: string;
  /** PKB's words, or our own sentence why it ended. */
  readonly reason: string;
  /** Lines of HL7; undefined where the text was erased or cannot be read. */
  readonly message: string | undefined;
  /** Lines of HL7; blank where there is none. */
  readonly acknowledgement: string;
}

/** What became of the messages of one test case. */
export interface TestCase {
  readonly name: string;
  readonly accepted: number;
  readonly all: number;
  readonly outcome: string;
}

/** States in words. */
export const STATE_WORDS: Readonly<Record<MessageState, string>> = {
  queued: 'pending',
  accepted: 'accepted by PKB',
  rejected: 'rejected by PKB',
  errored: 'error at PKB',
  undeliverable: 'undeliverable',
  discarded: 'discarded by a person',
};

/** One message as a pack has it. */
export function entryOf({ listed, history, outcome, message }: MessageLife, masking: Masking): EvidenceEntry {
  const mask = new MessageMask(message?.body, masking);
  const answer = outcome !== undefined && 'ack' in outcome ? outcome : undefined;
  const isTyped = outcome?.outcome === 'discarded';
  const reason = outcome === undefined ? '' : reasonOf(outcome);
  return {
    id: listed.id,
    testCase: mask.id(listed.reference),
    state: listed.state,
    messageType: mask.fact(listed.messageType, 'messageType'),
    customer: mask.fact(listed.facility, 'system'),
    controlId: mask.id(listed.controlId),
    dataPointId: mask.id(listed.dataPointId),
    storedAt: listed.storedAt,
    endedAt: listed.settledAt,
    attempts: history,
    code: mask.fact(answer?.code ?? '', 'flag'),
    answers: mask.id(answer?.controlId ?? ''),
    reason: answer === undefined && !isTyped ? reason : mask.words(answer?.text ?? reason),
    message: message && mask.text(message.body),
    acknowledgement: answer === undefined ? '' : mask.text(answer.ack),
  };
}

/** The test cases of a pack, in the order of their first messages; messages without one are cases of their own. */
export function testCasesOf(entries: readonly EvidenceEntry[]): TestCase[] {
  const cases = Map.groupBy(entries, ({ testCase, id }) => (testCase === '' ? `#${id}` : `=${testCase}`));
  return [...cases.values()].map((some) => {
    const accepted = some.filter(({ state }) => state === 'accepted').length;
    const states = [...new Set(some.map(({ state }) => STATE_WORDS[state]))];
    const [{ testCase, controlId } = { testCase: '', controlId: '' }] = some;
    return {
      name: testCase || `(no reference) ${controlId}`,
      accepted,
      all: some.length,
      outcome: states.join(', '),
    };
  });
}

const HEADS = [
  'testCase',
  'outcome',
  'ackCode',
  'ackControlId',
  'reason',
  'messageType',
  'customer',
  'controlId',
  'dataPointId',
  'stored',
  'attempts',
  'lastAttempt',
  'ended',
  'message',
  'acknowledgement',
  'environment',
  'address',
  'package',
  'nodeRed',
  'node',
  'masked',
  'made',
];

/** A pack as a list for a spreadsheet, a row for each message. */
export function evidenceCsv(about: EvidenceAbout, entries: readonly EvidenceEntry[]): string {
  const { versions, environment, address, masked, madeAt } = about;
  const common = [
    environment,
    address,
    versions.package,
    versions.nodeRed,
    versions.node,
    masked ? 'yes' : 'no',
    isoTime(madeAt),
  ];
  const rows = entries.map((one) => [
    one.testCase,
    STATE_WORDS[one.state],
    one.code,
    one.answers,
    one.reason,
    one.messageType,
    one.customer,
    one.controlId,
    one.dataPointId,
    isoTime(one.storedAt),
    String(one.attempts.length),
    isoTime(one.attempts.at(-1)?.at),
    isoTime(one.endedAt),
    one.message ?? '',
    one.acknowledgement,
    ...common,
  ]);
  return csv(HEADS, rows);
}
