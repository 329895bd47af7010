import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  API_FAULT_KINDS,
  type ApiFaultKind,
  readApiFaultPlan,
} from '../../../../src/simulator/fhir/faults.js';
import { asked, FORM, letter, outcomeOf, parameters, READ, RECEIPTS, TOKEN_HEAD } from './asking.js';

const ONE = parameters('documentIdentifier', [{ value: 'DOC1' }]);

describe('the faults of the FHIR operations', () => {
  const ask = (kind: Exclude<ApiFaultKind, 'token-refused'>, more: object = {}) => {
    const asking = asked({ apiFaults: { script: [kind], ...more } });
    asking.send(letter('DOC1'));
    const answer = asking.post(RECEIPTS, ONE);
    const next = asking.post(RECEIPTS, ONE);
    assert.deepEqual([next.status, next.manner, next.delay], [200, undefined, 0]);
    assert.match(next.body, /"name":"read","valueBoolean":false/);
    return answer;
  };

  it('slow: the right answer comes late', () => {
    const { status, delay, body } = ask('slow', { slowness: 1234 });
    assert.deepEqual([status, delay], [200, 1234]);
    assert.match(body, /"name":"read","valueBoolean":false/);
    assert.equal(ask('slow').delay, 5000);
  });

  it('drop and no-answer: the answer does not come', () => {
    assert.equal(ask('drop').manner, 'drop');
    assert.equal(ask('no-answer').manner, 'never');
  });

  it('401, 429, 500 and 503: an OperationOutcome, with Retry-After where it helps', () => {
    const said = (['401', '429', '500', '503'] as const).map((kind) => {
      const answer = ask(kind, { retryAfter: 7 });
      const { issue, code } = outcomeOf(answer);
      return [answer.status, issue, code, answer.headers['retry-after']];
    });
    assert.deepEqual(said, [
      [401, 'login', 'BAD_AUTHENTICATION', undefined],
      [429, 'throttled', undefined, '7'],
      [500, 'exception', undefined, undefined],
      [503, 'transient', undefined, '7'],
    ]);
  });

  it('html and no-fhir: something else, with status 200', () => {
    const html = ask('html');
    assert.deepEqual([html.status, html.headers['content-type']], [200, 'text/html']);
    const json = ask('no-fhir');
    assert.deepEqual([json.status, JSON.parse(json.body)], [200, { status: 'ok' }]);
  });

  it('wrong-shape: receipts whose parts have other names', () => {
    const { status, body } = ask('wrong-shape');
    assert.equal(status, 200);
    const { parameter } = JSON.parse(body) as { parameter: { name: string; part: { name: string }[] }[] };
    assert.equal(parameter[0]?.name, 'readReceipt');
    assert.deepEqual(
      parameter[0]?.part.map(({ name }) => name),
      ['x-documentIdentifier', 'x-read'],
    );
  });

  it('token-refused: requests for a token alone take it from the script, whatever comes between', () => {
    const { simulator } = asked({ apiFaults: { script: ['503', 'token-refused', 'ok', '500'] } });
    const token = () => simulator.api.handle(TOKEN_HEAD, FORM);
    const refused = token();
    assert.equal(refused.status, 401);
    assert.match(refused.body, /"error":"unauthorized"/);
    const { access_token } = JSON.parse(token().body) as { access_token: string };
    const statuses = Array.from({ length: 4 }, () => {
      const body = Buffer.from(JSON.stringify(ONE));
      const head = { ...TOKEN_HEAD, path: RECEIPTS, contentType: 'application/fhir+json' };
      const organisation = '00000000-0000-4000-8000-0000000000aa';
      return simulator.api.handle({ ...head, organisation, authorization: `Bearer ${access_token}` }, body)
        .status;
    });
    assert.deepEqual(statuses, [503, 200, 500, 200]);
  });

  it('come by chance as often as told, of each kind to its own requests', () => {
    const { simulator, post } = asked({ apiFaults: { rates: { 503: 0.5 }, latency: 3 } });
    assert.equal(simulator.api.handle(TOKEN_HEAD, FORM).delay, 3);
    const statuses = Array.from({ length: 400 }, () => post(RECEIPTS, ONE).status);
    const share = statuses.filter((status) => status === 503).length / statuses.length;
    assert.ok(Math.abs(share - 0.5) < 0.1, `${share}`);
    const refusing = asked({ apiFaults: { rates: { 'token-refused': 1 } } }).simulator;
    assert.equal(refusing.api.handle(TOKEN_HEAD, FORM).status, 401);
  });

  it('do not meet what marks letters as read, nor what is refused anyway', () => {
    const { post, send } = asked({ apiFaults: { script: ['503'] } });
    send(letter('DOC1'));
    assert.equal(post(READ, { documentIdentifier: ['DOC1'] }).status, 200);
    assert.equal(post(RECEIPTS, ONE, { organisation: 'x' }).status, 400);
    assert.equal(post(RECEIPTS, ONE).status, 503);
  });

  it('are all in the help of the node and on the page, and are read from JSON', () => {
    for (const file of ['nodes/pkb-simulator/locales/en-US/node.html', 'docs/simulator.md']) {
      const text = readFileSync(join(__dirname, '../../../..', file), 'utf8');
      const about = text.slice(text.search(/^##.*FHIR operations$/m));
      const missing = Object.keys(API_FAULT_KINDS).filter((kind) => !about.includes(`\`${kind}\``));
      assert.deepEqual(missing, [], file);
    }
    assert.deepEqual(readApiFaultPlan(' '), {});
    assert.deepEqual(readApiFaultPlan('{"script":["token-refused"]}'), { script: ['token-refused'] });
    for (const json of ['{', '[]', '{"script":["drop-before"]}', '{"slowness":"x"}', '{"rates":{"503":2}}'])
      assert.throws(() => readApiFaultPlan(json), { code: 'PKB_SETTING' });
  });
});
