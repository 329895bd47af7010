/** What remembers something of each message does not keep the message for it. */
import { ok } from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Hundreds of messages of 300 kB are more than 100 MB, where they are kept; what is to be remembered of them is far less. */
const FEW = 50;
const MANY = 500;
const MAY_GROW_BY_MB = 5;

async function grownBy(what: string): Promise<number> {
  const child = fork(join(__dirname, 'remember.ts'), [what, String(FEW), String(MANY)], {
    execArgv: ['--require', require.resolve('tsx/cjs'), '--expose-gc', '--max-old-space-size=1024'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const ended = once(child, 'exit');
  const told = await Promise.race([once(child, 'message'), ended.then(() => undefined)]);
  child.kill();
  await ended;
  const [few, many] = (told?.[0] ?? []) as number[];
  ok(few !== undefined && many !== undefined, 'the process ended before it had told anything');
  return (many - few) / 1024 / 1024;
}

describe('Memory in use after many large messages', () => {
  for (const what of [
    'GuardMemory.remember',
    'GuardMemory.remember, control IDs as long as a message',
    'CarriedMessages.keep',
    'the simulator, documents',
    'the simulator, allergies',
    'paths made from data',
  ]) {
    it(`does not grow with their length: ${what}`, async () => {
      const mb = await grownBy(what);
      ok(mb < MAY_GROW_BY_MB, `${MANY - FEW} messages of 300 kB took ${Math.round(mb)} MB`);
    });
  }
});
