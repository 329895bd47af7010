import assert from 'node:assert/strict';
import { Seldom } from '../../../src/operator/seldom.js';

describe('a question that is asked seldom', () => {
  it('is not asked again of one that does not answer, and is asked of another', async () => {
    const seldom = new Seldom<object, string>(0);
    const [silent, other] = [{}, {}];
    let asked = 0;
    let answer = (_text: string): void => undefined;
    const question = (): Promise<string> => {
      asked++;
      return new Promise((resolve) => (answer = resolve));
    };
    const waiting = [seldom.ask(silent, question), seldom.ask(silent, question)];
    assert.equal(await seldom.ask(other, async () => 'here'), 'here');
    assert.equal(asked, 1);
    answer('late');
    assert.deepEqual(await Promise.all(waiting), ['late', 'late']);
  });
});
