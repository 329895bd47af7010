/** Looking for what must never be seen outside messages: of patients, of credentials, and what PKB says of them. */
import assert from 'node:assert/strict';
import { NHS_NUMBERS } from './messages.js';

/** Texts of a message, of credentials, and of PKB's words. */
export const CANARIES = [
  'CANARY-SURNAME',
  'CANARY-STREET',
  'CANARY-NOTE',
  NHS_NUMBERS[3],
  'CANARY-USER',
  'CANARY-PASSWORD',
  'CANARY-REASON',
  'CANARY-TOKEN',
];

/** The credentials, as a request has them. */
export const BASIC = Buffer.from('CANARY-USER:CANARY-PASSWORD').toString('base64');

/** Fails where a canary is in what is shown. */
export function mustNotHold(shown: unknown, where: string): void {
  const text = JSON.stringify(shown);
  for (const canary of [...CANARIES, BASIC]) assert.ok(!text.includes(canary), `${canary} is in ${where}`);
}

/** Records what the process prints; it is printed all the same. */
export function recordPrinted(): { start(): void; stop(): void; text(): string } {
  let printed = '';
  const streams = [process.stdout, process.stderr].map((stream) => ({ stream, write: stream.write }));
  return {
    start() {
      printed = '';
      for (const { stream, write } of streams) {
        stream.write = ((chunk: string | Uint8Array, ...more: never[]) => {
          printed += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
          return write.call(stream, chunk, ...more);
        }) as typeof stream.write;
      }
    },
    stop() {
      for (const { stream, write } of streams) stream.write = write;
    },
    text: () => printed,
  };
}
