import assert from 'node:assert/strict';
import { shortReason } from '../../../nodes/pkb-send/reasons.js';
import { judgeAnswer, judgeFailure } from '../../../src/delivery/classify.js';
import { OUTCOMES } from '../../../src/delivery/outcome.js';
import { REFUSALS } from '../../../src/delivery/refusal.js';

const NOW = new Date('2026-01-01T00:00:00Z');
const ack = (code: string, id = 'id1'): string =>
  `MSH|^~\\&|HL7API|PKB|A|B|2020||ACK^R01|1|P|2.4\rMSA|${code}|${id}|text\r`;
const fault = (code: string, text = 'x'): string =>
  `<s:Envelope xmlns:s="e"><s:Body><s:Fault><faultcode>${code}</faultcode><faultstring>${text}</faultstring></s:Fault></s:Body></s:Envelope>`;
const judge = (status: number, body = '', headers = {}) =>
  judgeAnswer({ status, headers, body: Buffer.from(body) }, 'id1', NOW);

/** What is answered, and what that comes to. */
const ANSWERS = [
  ['200 with AA', 200, ack('AA'), 'accepted', undefined],
  ['200 with AR', 200, ack('AR'), 'rejected', undefined],
  ['200 with AE', 200, ack('AE'), 'errored', undefined],
  ['500 with AR', 500, ack('AR'), 'rejected', undefined],
  ['500 with AA, which contradicts itself', 500, ack('AA'), 'unknown', 'unreadable'],
  ['302 with AA, which contradicts itself', 302, ack('AA'), 'misconfigured', 'sender'],
  ['200 with AA for another message', 200, ack('AA', 'other'), 'unknown', 'unreadable'],
  ['200 with nothing', 200, '', 'unknown', 'foreign'],
  ['200 with a login page', 200, '<html><body>Log in</body></html>', 'unknown', 'foreign'],
  ['204', 204, '', 'unknown', 'foreign'],
  ['301', 301, '', 'misconfigured', 'sender'],
  ['307', 307, '', 'misconfigured', 'sender'],
  ['400', 400, '', 'refused', 'request'],
  ['401', 401, '', 'misconfigured', 'sender'],
  ['403', 403, '', 'misconfigured', 'customer'],
  ['404', 404, '', 'refused', 'request'],
  ['407', 407, '', 'misconfigured', 'sender'],
  ['413', 413, '', 'refused', 'request'],
  ['429', 429, '', 'busy', 'busy'],
  ['500 without an acknowledgement', 500, 'oops', 'busy', 'failing'],
  ['502', 502, '', 'busy', 'busy'],
  ['503', 503, '', 'busy', 'busy'],
  ['500 with a SOAP fault', 500, fault('soap:Server'), 'refused', 'fault'],
  ['500 with a fault of the client', 500, fault('soap:Client'), 'refused', 'fault'],
  [
    '500 with a fault about credentials',
    500,
    fault('wsse:FailedAuthentication'),
    'misconfigured',
    'customer',
  ],
  [
    '200 with a fault that says so in words',
    200,
    fault('soap:Server', 'Access is denied'),
    'misconfigured',
    'customer',
  ],
  ['503 with a SOAP fault', 503, fault('soap:Server'), 'busy', 'busy'],
  ['502 with a SOAP fault', 502, fault('soap:Server'), 'busy', 'busy'],
  ['429 with a SOAP fault', 429, fault('soap:Server'), 'busy', 'busy'],
  ['401 with a SOAP fault', 401, fault('soap:Client'), 'misconfigured', 'sender'],
  ['403 with a SOAP fault', 403, fault('soap:Client'), 'misconfigured', 'customer'],
  ['503 with an AR for this message', 503, ack('AR'), 'rejected', undefined],
  ['503 with an AR for no message', 503, ack('AR', ''), 'busy', 'busy'],
  [
    'a SOAP answer without an acknowledgement',
    200,
    '<E:Envelope xmlns:E="e"><E:Body/></E:Envelope>',
    'unknown',
    'unreadable',
  ],
] as const;

/** How a request fails without an answer, and what that comes to. */
const FAILURES = [
  [{ code: 'ENOTFOUND', written: false }, 'notSent', 'unreached'],
  [{ code: 'ECONNREFUSED', written: false }, 'notSent', 'unreached'],
  [{ code: 'ETIMEDOUT', phase: 'connect', written: false }, 'notSent', 'unreached'],
  [{ code: 'ECONNRESET', written: false }, 'notSent', 'unreached'],
  [{ code: 'ECONNRESET', written: true }, 'unknown', 'unanswered'],
  [{ code: 'ETIMEDOUT', phase: 'response', written: true }, 'unknown', 'unanswered'],
  [{ code: 'PKB_RESPONSE_TOO_LARGE', written: true }, 'unknown', 'foreign'],
  [{ code: 'PKB_RESPONSE_TOO_LARGE', written: true, messageType: 'QRY^A19' }, 'unknown', 'oversized'],
  [{ code: 'CERT_HAS_EXPIRED', written: false }, 'misconfigured', 'sender'],
  [{ code: 'ERR_TLS_CERT_ALTNAME_INVALID', written: false }, 'misconfigured', 'sender'],
  [{ code: 'DEPTH_ZERO_SELF_SIGNED_CERT', written: false }, 'misconfigured', 'sender'],
  [{ code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', written: true }, 'misconfigured', 'sender'],
  [{ code: 'ERROR', proxyStatus: 407, written: false }, 'misconfigured', 'sender'],
  [{ code: 'ERROR', proxyStatus: 502, written: false }, 'notSent', 'unreached'],
] as const;

const judgeFailed = ({
  messageType,
  ...failure
}: Parameters<typeof judgeFailure>[0] & { readonly messageType?: string }) =>
  judgeFailure(failure, messageType);

const noShortForm = (reason: string): string => `"${reason}" has no row in nodes/pkb-send/reasons.ts`;

describe('judging what was seen', () => {
  for (const [what, status, body, outcome, refusal] of ANSWERS) {
    it(`${what} is ${outcome}`, () => {
      const judged = judge(status, body);
      assert.equal(judged.outcome, outcome);
      assert.equal('refusal' in judged ? judged.refusal : undefined, refusal);
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

  for (const [failure, outcome, refusal] of FAILURES) {
    it(`${JSON.stringify(failure)} is ${outcome}`, () => {
      const judged = judgeFailed(failure);
      assert.deepEqual([judged.outcome, 'refusal' in judged && judged.refusal], [outcome, refusal]);
    });
  }

  it('comes to every kind of refusal of the table', () => {
    const judged: readonly (string | undefined)[] = [
      ...ANSWERS.map(([, , , , refusal]) => refusal),
      ...FAILURES.map(([, , refusal]) => refusal),
    ];
    const missing = Object.keys(REFUSALS).filter((name) => !judged.includes(name));
    assert.deepEqual(missing, [], 'refusals of refusal.ts without a row in ANSWERS or FAILURES of this test');
  });

  it('says every reason in words that have a short form in a status', () => {
    for (const [what, status, body] of ANSWERS) {
      const judged = judge(status, body);
      if ('reason' in judged)
        assert.notEqual(shortReason(judged.reason).key, 'other', `${what}: ${noShortForm(judged.reason)}`);
    }
    for (const [failure] of FAILURES) {
      const judged = judgeFailed(failure);
      if ('reason' in judged)
        assert.notEqual(shortReason(judged.reason).key, 'other', noShortForm(judged.reason));
    }
  });

  it('comes to every outcome of the table, and to none besides', () => {
    const judged = new Set([
      ...ANSWERS.map(([, , , outcome]) => outcome),
      ...FAILURES.map(([, outcome]) => outcome),
    ]);
    assert.deepEqual([...judged].toSorted(), Object.keys(OUTCOMES).toSorted());
  });
});
