import assert from 'node:assert/strict';
import { shortTime } from '../../../nodes/common/outages.js';
import { REASON_KEYS, shortReason } from '../../../nodes/pkb-send/reasons.js';
import words from '../../../nodes/pkb-send/locales/en-US/node.json';
import { judgeAnswer, judgeFailure } from '../../../src/delivery/classify.js';

const { reason, status } = words['pkb-send'];

/** What Node-RED's catalogue makes of a text. */
const filled = (text: string, values: Record<string, string>): string =>
  text.replace(/__(\w+)__/g, (_whole, name: string) => values[name] ?? '');

const short = (sentence: string): string => {
  const { key, status: http } = shortReason(sentence);
  return filled((reason as Record<string, string>)[key] ?? key, { status: http });
};
const answered = (http: number): string => {
  const outcome = judgeAnswer({ status: http, headers: {}, body: Buffer.from('x') }, '1', new Date(0));
  return 'reason' in outcome ? outcome.reason : '';
};
const failed = (code: string, written = false, more: object = {}): string => {
  const outcome = judgeFailure({ code, written, ...more });
  return 'reason' in outcome ? outcome.reason : '';
};

describe('the words of a status', () => {
  for (const [sentence, expected] of [
    [failed('ECONNREFUSED'), 'connection refused'],
    [failed('ENOTFOUND', false, { phase: 'lookup' }), 'host name not found'],
    [failed('EHOSTUNREACH'), 'network not reached'],
    [failed('ETIMEDOUT', false, { phase: 'connect' }), 'no connection in time'],
    [failed('ETIMEDOUT', true, { phase: 'response' }), 'no answer in time'],
    [failed('ECONNRESET', true), 'connection broke off'],
    [failed('ERROR'), 'network not reached'],
    [failed('ERROR', true), 'no answer in time'],
    [failed('CERT_HAS_EXPIRED'), 'certificate not trusted'],
    [failed('ERROR', false, { proxyStatus: 407 }), 'proxy refused (HTTP 407)'],
    [failed('ERROR', false, { proxyStatus: 502 }), 'proxy refused (HTTP 502)'],
    [failed('PKB_RESPONSE_TOO_LARGE', true), 'unclear answers'],
    [answered(200), 'unclear answers'],
    [answered(302), 'redirect (HTTP 302)'],
    [answered(401), 'credentials (HTTP 401)'],
    [answered(403), 'refused (HTTP 403)'],
    [answered(404), 'refused (HTTP 404)'],
    [answered(500), 'server failed (HTTP 500)'],
    [answered(503), 'busy (HTTP 503)'],
    [
      '5 messages were stored for PKB sandbox, and this connection now goes to x.',
      'address changed, decision needed',
    ],
    ['1 message was stored for x, and this connection now goes to y.', 'address changed, decision needed'],
    ['Something that no row knows.', 'see the log'],
  ] as const)
    it(`"${sentence}" is "${expected}"`, () => assert.equal(short(sentence), expected));

  it('are there for every reason', () =>
    assert.deepEqual(
      Object.keys(reason).toSorted(),
      REASON_KEYS.toSorted(),
      'texts under pkb-send.reason in the locale (actual), and keys in nodes/pkb-send/reasons.ts (expected)',
    ));

  it('stay below some sixty characters at their longest', () => {
    const longest = (keys: readonly string[]): number =>
      Math.max(
        ...keys.map(
          (key) => filled((reason as Record<string, string>)[key] ?? '', { status: 'HTTP 503' }).length,
        ),
      );
    const waiting = REASON_KEYS.filter((key) => key !== 'elsewhere');
    const values = { since: '23 Nov', pending: '1000+', count: '100', reason: '' };
    const fits = (name: 'waiting-since' | 'paused-customers' | 'paused', longestReason: number): void => {
      const room = 62 - filled(status[name], values).length;
      assert.ok(
        longestReason <= room,
        `a reason in the status ${name} may have ${room} characters, and one has ${longestReason}`,
      );
    };
    fits('waiting-since', longest(waiting));
    fits('paused-customers', 'refused (HTTP 403)'.length);
    fits('paused', longest(['elsewhere', 'credentials']));
  });

  it('say the time of today, and the day of an earlier one', () => {
    const now = new Date(2026, 10, 23, 18, 0).getTime();
    assert.equal(shortTime(new Date(2026, 10, 23, 7, 5).getTime(), now), '07:05');
    assert.equal(shortTime(new Date(2026, 10, 22, 17, 22).getTime(), now), '22 Nov');
  });
});
