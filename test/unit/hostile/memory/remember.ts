/** The process that remembers: it feeds messages to one thing, and tells how much memory is in use after each so many. */
import { setImmediate as turn } from 'node:timers/promises';
import { GuardMemory } from '../../../../nodes/pkb-guard/memory.js';
import { CarriedMessages } from '../../../../nodes/pkb-send/carried.js';
import type { Message } from '../../../../nodes/common/types.js';
import { parsePath } from '../../../../src/hl7/path.js';
import { read } from '../../../../src/hl7/read.js';
import { stamp } from '../../../../src/pkb/stamp.js';
import { encodeRequest } from '../../../../src/pkb/soap/request.js';
import { Simulator } from '../../../../src/simulator/simulator.js';

/** Length of a message. */
const LENGTH = 300_000;
const CONTENT = 'QUJD'.repeat(LENGTH / 4);
const CUSTOMER = { alias: 'trust' };

/** One of many messages, all different, each a text in one piece of its own. */
function message(type: string, i: number, segments: string): string {
  const text =
    `MSH|^~\\&|MAILCO|trust{trust}|HL7API|PKB|20260101120000||${type}|control-id-number-${i}|P|2.4\r` +
    `PID|||9990000018^^^NHS^NH||Example^Alex||19700101|U\r${segments}NTE|||${CONTENT}\r`;
  return Buffer.from(text, 'latin1').toString('latin1');
}

const appointment = (i: number): string =>
  message('SIU^S12', i, `SCH|appointment-number-${i}||||||||||^^^20260101120000\r`);
const document = (i: number): string =>
  message('MDM^T02', i, `TXA||CL||20260101||||||||document-number-${i}|||||AU\r`);
const demographics = (i: number): string =>
  message('ADT^A28', i, `AL1|1||code-of-an-allergy-${i}^name-of-an-allergy-${i}\r`);

/** What remembers, by name; each is fed messages by their number. */
const FED: Readonly<Record<string, () => (i: number) => unknown>> = {
  'GuardMemory.remember': () => {
    const memory = new GuardMemory();
    return (i) => memory.remember(appointment(i), false);
  },
  'GuardMemory.remember, control IDs as long as a message': () => {
    const memory = new GuardMemory();
    return (i) =>
      memory.remember(
        appointment(i).replace('control-id', () => CONTENT),
        false,
      );
  },
  'CarriedMessages.keep': () => {
    const carried = new CarriedMessages();
    return (i) => {
      const { hl7, ...pkb } = stamp(document(i), { customer: CUSTOMER, controlId: 'keep' });
      const sent = { payload: hl7, topic: read(hl7, 'TXA-12.1'), pkb };
      carried.keep(i, sent as unknown as Message);
    };
  },
  'the simulator, documents': () => {
    const simulator = new Simulator({});
    return (i) => simulator.handle({ authorization: 'Basic dTpw', body: encodeRequest(document(i)) }).status;
  },
  'the simulator, allergies': () => {
    const simulator = new Simulator({});
    return (i) =>
      simulator.handle({ authorization: 'Basic dTpw', body: encodeRequest(demographics(i)) }).status;
  },
  'paths made from data': () => (i) => {
    const text = `${message('ADT^A28', i, '')}OBX[${100_000 + i}]-5[1000001].1`;
    parsePath(text.slice(-24));
  },
};

/** Bytes in use when everything that can be freed has been; what Buffers held is given back a turn after they are collected. */
async function inUse(): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let fell = true; fell;) {
    globalThis.gc?.();
    await turn();
    const { heapUsed, external } = process.memoryUsage();
    fell = heapUsed + external < least;
    least = Math.min(least, heapUsed + external);
  }
  return least;
}

async function main(): Promise<void> {
  const [what = '', few = '', many = ''] = process.argv.slice(2);
  const feed = FED[what]?.();
  const seen: number[] = [];
  for (let i = 1; i <= Number(many); i++) {
    feed?.(i);
    if (i === Number(few) || i === Number(many)) seen.push(await inUse());
  }
  process.send?.(seen, () => process.disconnect());
}

void main();
