import assert from 'node:assert/strict';
import { OnceAStart } from '../../../nodes/pkb-letters/once-a-start.js';

describe('what is done once after each start of flows', () => {
  it('is done again after a start that came while it was done', async () => {
    const once = new OnceAStart();
    let [count, end] = [0, (): void => undefined];
    const work = (): Promise<void> => {
      count++;
      return new Promise((resolve) => (end = resolve));
    };
    once.started();
    const first = once.do(work);
    once.started();
    end();
    await first;
    const second = once.do(work);
    end();
    await second;
    await once.do(work);
    assert.equal(count, 2);
  });

  it('is done the next time where it failed, and not before flows have started', async () => {
    const once = new OnceAStart();
    await once.do(() => Promise.reject(new Error('too early')));
    once.started();
    await assert.rejects(
      once.do(() => Promise.reject(new Error('away'))),
      /away/,
    );
    let count = 0;
    for (let i = 0; i < 3; i++)
      await once.do(async () => {
        count++;
      });
    assert.equal(count, 1);
  });
});
