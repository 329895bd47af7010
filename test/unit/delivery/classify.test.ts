import assert from 'node:assert/strict';
import { judgeAnswer, judgeFailure } from '../../../src/delivery/classify.js';
import { OUTCOMES } from '../../../src/delivery/outcome.js';

const NOW = new Date('2026-01-01T00:00:00Z');
const ack = (code: string, id = 'id1'): string =>
  `MSH|^~\\&|HL7API|PKB|A|B|2020||ACK^R01|1|P|2.4\rMSA|${code}|${id}|text\r`;
const judge = (status: number, body = '', headers = {}) =>
  judgeAnswer({ status, headers, body: Buffer.from(body) }, 'id1', NOW);

describe('judging what was seen', () => {
  for (const [what, status, body, outcome, scope] of [
    ['200 with AA', 200, ack('AA'), 'accepted', undefined],
    ['200 with AR', 200, ack('AR'), 'rejected', undefined],
    ['200 with AE', 200, ack('AE'), 'errored', undefined],
    ['500 with AR', 500, ack('AR'), 'rejected', undefined],
    ['500 with AA, which contradicts itself', 500, ack('AA'), 'busy', 'connection'],
    ['302 with AA, which contradicts itself', 302, ack('AA'), 'misconfigured', 'connection'],
    ['200 with AA for another message', 200, ack('AA', 'other'), 'unknown', 'message'],
    ['200 with nothing', 200, '', 'unknown', 'message'],
    ['200 with a login page', 200, '<html><body>Log in</body></html>', 'unknown', 'message'],
    ['204', 204, '', 'unknown', 'message'],
    ['301', 301, '', 'misconfigured', 'connection'],
    ['307', 307, '', 'misconfigured', 'connection'],
    ['400', 400, '', 'refused', 'message'],
    ['401', 401, '', 'misconfigured', 'connection'],
    ['403', 403, '', 'misconfigured', 'connection'],
    ['404', 404, '', 'refused', 'message'],
    ['407', 407, '', 'misconfigured', 'connection'],
    ['413', 413, '', 'refused', 'message'],
    ['429', 429, '', 'busy', 'connection'],
    ['500 without an acknowledgement', 500, 'oops', 'busy', 'connection'],
    ['502', 502, '', 'busy', 'connection'],
    ['503', 503, '', 'busy', 'connection'],
    [
      '500 with a SOAP fault',
      500,
      '<E><Fault><faultstring>x</faultstring></Fault></E>',
      'refused',
      'message',
    ],
  ] as const) {
    it(`${what} is ${outcome}`, () => {
      const judged = judge(status, body);
      assert.equal(judged.outcome, outcome);
      assert.equal('scope' in judged ? judged.scope : undefined, scope);
    });
  }

  it('reads Retry-After in seconds and as a date', () => {
    const after = (value: string): unknown => {
      const judged = judge(503, '', { 'retry-after': value });
      return 'retryAfter' in judged ? judged.retryAfter : undefined;
    };
    assert.equal(after('7'), 7000);
    assert.equal(after('Thu, 01 Jan 2026 00:01:00 GMT'), 60_000);
    assert.equal(after('Thu, 01 Jan 2020 00:00:00 GMT'), 0);
    assert.equal(after('soon'), undefined);
  });

  for (const [failure, outcome, scope] of [
    [{ code: 'ENOTFOUND', written: false }, 'notSent', 'connection'],
    [{ code: 'ECONNREFUSED', written: false }, 'notSent', 'connection'],
    [{ code: 'ETIMEDOUT', phase: 'connect', written: false }, 'notSent', 'connection'],
    [{ code: 'ECONNRESET', written: false }, 'notSent', 'connection'],
    [{ code: 'ECONNRESET', written: true }, 'unknown', 'connection'],
    [{ code: 'ETIMEDOUT', phase: 'response', written: true }, 'unknown', 'connection'],
    [{ code: 'PKB_RESPONSE_TOO_LARGE', written: true }, 'unknown', 'message'],
    [{ code: 'CERT_HAS_EXPIRED', written: false }, 'misconfigured', 'connection'],
    [{ code: 'ERR_TLS_CERT_ALTNAME_INVALID', written: false }, 'misconfigured', 'connection'],
    [{ code: 'DEPTH_ZERO_SELF_SIGNED_CERT', written: false }, 'misconfigured', 'connection'],
    [{ code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', written: true }, 'misconfigured', 'connection'],
    [{ code: 'ERROR', proxyStatus: 407, written: false }, 'misconfigured', 'connection'],
    [{ code: 'ERROR', proxyStatus: 502, written: false }, 'notSent', 'connection'],
  ] as const) {
    it(`${JSON.stringify(failure)} is ${outcome}`, () => {
      const judged = judgeFailure(failure);
      assert.deepEqual([judged.outcome, 'scope' in judged && judged.scope], [outcome, scope]);
    });
  }

  it('has a row in the table for every outcome', () => {
    for (const [name, row] of Object.entries(OUTCOMES)) assert.equal(row.name, name);
  });
});
