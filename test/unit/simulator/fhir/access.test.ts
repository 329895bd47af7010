import assert from 'node:assert/strict';
import type { ApiHead } from '../../../../src/simulator/fhir/request.js';
import { Simulator } from '../../../../src/simulator/simulator.js';
import {
  asked,
  FORM,
  HEAD,
  OTHER,
  outcomeOf,
  parameters,
  READ,
  RECEIPTS,
  resultsOf,
  TOKEN_HEAD,
  TRUST,
} from './asking.js';

const CREDENTIALS = { username: 'partner_mailco', password: 'testing' };
const ONE = parameters('documentIdentifier', [{ value: 'DOC1' }]);

describe('the token endpoint of the simulator', () => {
  const ask = (head: Partial<ApiHead> = {}, form = FORM, options = {}) => {
    const answer = new Simulator({ ...CREDENTIALS, ...options }).api.handle({ ...TOKEN_HEAD, ...head }, form);
    return { ...answer, json: JSON.parse(answer.body) as Record<string, unknown> };
  };

  it('gives a bearer token and its life in seconds, to be kept by no cache', () => {
    const { status, headers, json } = ask();
    assert.deepEqual([status, headers['cache-control']], [200, 'no-store']);
    assert.deepEqual(Object.keys(json).toSorted(), ['access_token', 'expires_in', 'token_type']);
    assert.deepEqual([json['token_type'], json['expires_in']], ['bearer', 600]);
    assert.equal(ask({}, FORM, { tokenSeconds: 3599 }).json['expires_in'], 3599);
  });

  it('never gives the same token twice', () => {
    const { token } = asked();
    assert.equal(new Set(Array.from({ length: 100 }, token)).size, 100);
  });

  it('refuses a wrong client with 401 and "unauthorized", and repeats nothing of it', () => {
    for (const authorization of [
      undefined,
      '',
      'Bearer x',
      'Basic !',
      `Basic ${btoa('partner_mailco:wrong')}`,
    ]) {
      const { status, json, body } = ask({ authorization });
      assert.deepEqual([status, json['error']], [401, 'unauthorized'], authorization);
      assert.equal(typeof json['error_description'], 'string');
      assert.ok(!body.includes('wrong:') && !body.includes('partner_mailco'));
    }
  });

  it('accepts any client where it has no user name and password, from its own computer only', () => {
    const options = { username: '', password: '' };
    const authorization = `Basic ${btoa('any:one')}`;
    assert.equal(ask({ authorization }, FORM, options).status, 200);
    assert.equal(ask({ authorization: undefined }, FORM, options).status, 401);
    const { status, json } = ask({ authorization, remoteAddress: '10.0.0.1' }, FORM, options);
    assert.equal(status, 403);
    assert.match(String(json['error_description']), /Set a user name and a password/);
  });

  const WRONG: Record<string, [Partial<ApiHead>, string, number, string]> = {
    'another method': [{ method: 'GET' }, '', 405, 'invalid_request'],
    'another media type': [{ contentType: 'application/json' }, '{}', 400, 'invalid_request'],
    'a compressed form': [{ contentEncoding: 'gzip' }, 'x', 400, 'invalid_request'],
    'a form that is too large by its own word': [{ contentLength: '99999' }, '', 413, 'invalid_request'],
    'a form that is too large': [{}, `grant_type=${'x'.repeat(20_000)}`, 413, 'invalid_request'],
    'no grant': [{}, 'a=b', 400, 'invalid_request'],
    'two grants': [{}, 'grant_type=client_credentials&grant_type=x', 400, 'invalid_request'],
    'another grant': [{}, 'grant_type=authorization_code', 400, 'unsupported_grant_type'],
  };
  for (const [what, [head, form, status, error]] of Object.entries(WRONG)) {
    it(`answers ${what} with ${status} ${error}`, () => {
      const answer = ask(head, Buffer.from(form));
      assert.deepEqual([answer.status, answer.json['error']], [status, error]);
    });
  }

  it('takes a form that Node-RED has parsed, and no name that such an object inherits', () => {
    const { api } = new Simulator({});
    assert.equal(api.handle(TOKEN_HEAD, { parsed: { grant_type: 'client_credentials' } }).status, 200);
    for (const parsed of [
      undefined,
      null,
      'x',
      [],
      {},
      { grant_type: ['client_credentials'] },
      { grant_type: 1 },
    ])
      assert.equal(api.handle(TOKEN_HEAD, { parsed }).status, 400);
    const inherits: unknown = Object.create({ grant_type: 'client_credentials' });
    assert.equal(api.handle(TOKEN_HEAD, { parsed: inherits }).status, 400);
  });
});

describe('access to the FHIR operations of the simulator', () => {
  it('ends with the token, at the second that was promised', () => {
    let now = new Date('2026-01-31T09:00:00Z');
    const { simulator, token } = asked({ now: () => now, tokenSeconds: 60 });
    const authorization = `Bearer ${token()}`;
    const ask = () => simulator.api.handle({ ...HEAD, authorization }, Buffer.from(JSON.stringify(ONE)));
    now = new Date('2026-01-31T09:00:59.999Z');
    assert.equal(ask().status, 200);
    now = new Date('2026-01-31T09:01:00Z');
    const answer = ask();
    assert.equal(answer.status, 401);
    assert.equal(outcomeOf(answer).code, 'ACC_TOKEN_EXPIRED');
  });

  it('needs a token that this simulator gave', () => {
    const { post, token, simulator } = asked();
    const right = token();
    const another = asked().token();
    const [end = '', ...rest] = right.split('.');
    const longer = [`${end.slice(0, -1)}z`, ...rest].join('.');
    for (const authorization of [
      undefined,
      '',
      right,
      `Basic ${right}`,
      `Bearer ${another}`,
      `Bearer ${longer}`,
      `Bearer ${right}x`,
    ]) {
      const answer = post(RECEIPTS, ONE, { authorization });
      assert.equal(answer.status, 401, authorization);
      assert.equal(outcomeOf(answer).code, 'BAD_AUTHENTICATION');
    }
    assert.equal(simulator.api.greet({ ...HEAD, authorization: `bearer ${right}` }), undefined);
  });

  const WRONG: Record<string, [Partial<ApiHead>, number, RegExp]> = {
    'no organisation': [{ organisation: undefined }, 400, /X-Org-Public-Id is missing/],
    'a blank organisation': [{ organisation: ' ' }, 400, /X-Org-Public-Id is missing/],
    'no UUID': [{ organisation: 'trustalias' }, 400, /must be one UUID/],
    'two organisations': [{ organisation: `${TRUST}, ${OTHER}` }, 400, /must be one UUID/],
    'an organisation without a grant': [{ organisation: OTHER }, 403, /has not granted access/],
    'another method': [{ method: 'GET' }, 405, /Post/],
    'another operation': [{ path: '/fhir/Patient/$everything' }, 404, /no such operation/],
    'an inherited name as operation': [{ path: '/fhir/__proto__' }, 404, /no such operation/],
    'plain JSON': [{ contentType: 'application/json' }, 415, /application\/fhir\+json/],
    'no media type': [{ contentType: undefined }, 415, /application\/fhir\+json/],
    'another character set': [{ contentType: 'application/fhir+json; charset=utf-16' }, 415, /UTF-8/],
    'a compressed body': [{ contentEncoding: 'gzip' }, 415, /Content-Encoding/],
    'a body that is too large by its own word': [{ contentLength: '99999999' }, 413, /larger/],
  };
  for (const [what, [head, status, words]] of Object.entries(WRONG)) {
    it(`refuses ${what} with ${status}, before the body is read`, () => {
      const { simulator, token } = asked({
        organisations: [{ id: TRUST, facility: 'trustalias{trustalias}' }],
      });
      const answer = simulator.api.greet({ ...HEAD, authorization: `Bearer ${token()}`, ...head });
      assert.ok(answer);
      assert.equal(answer.status, status);
      assert.match(outcomeOf(answer).text, words);
      assert.ok(!answer.body.includes(OTHER));
    });
  }

  it('is given to the UUID in capitals, too', () => {
    const { post } = asked({ organisations: [{ id: TRUST, facility: 'trustalias{trustalias}' }] });
    assert.deepEqual(resultsOf(post(RECEIPTS, ONE, { organisation: TRUST.toUpperCase() })), []);
  });

  it('is for its own computer only where it has no user name and password', () => {
    const strange = { remoteAddress: '10.0.0.1' };
    assert.equal(asked().post(RECEIPTS, ONE, strange).status, 403);
    assert.equal(asked().post(READ, {}, strange).status, 403);
    assert.equal(asked(CREDENTIALS).post(RECEIPTS, ONE, strange).status, 200);
  });
});

describe('the options of the FHIR operations', () => {
  const WRONG: Record<string, object> = {
    'organisations that are no list': { organisations: {} },
    'an organisation without a UUID': { organisations: [{ id: 'x', facility: 'a{a}' }] },
    'an organisation without MSH-4': { organisations: [{ id: TRUST, facility: 'a' }] },
    'no organisation at all': { organisations: [null] },
    'the same organisation twice': {
      organisations: [
        { id: TRUST, facility: 'a{a}' },
        { id: TRUST.toUpperCase(), facility: 'b{b}' },
      ],
    },
    'tokens without life': { tokenSeconds: 0 },
    'tokens that live a text': { tokenSeconds: '600' },
    'half letters': { readEvery: 0.5 },
    'letters read before they come': { readAfterSeconds: -1 },
    'a form that is no object': { receipt: [] },
    'a part that is no object': { receipt: { read: 'isRead' } },
    'an unknown part': { receipt: { seen: { name: 'seen' } } },
    'an inherited name as part': { receipt: { constructor: { name: 'x' } } },
    'a blank name': { receipt: { read: { name: ' ' } } },
    'a long name': { receipt: { read: { name: 'x'.repeat(101) } } },
    'the same name twice': { receipt: { read: { name: 'readTime' } } },
    'an unknown type': { receipt: { read: { type: 'valueDateTime' } } },
    'an inherited name as type': { receipt: { read: { type: 'constructor' } } },
    'a time when unread that is a text': { receipt: { timeWhenUnread: 'yes' } },
    'an unknown fault': { apiFaults: { script: ['AR'] } },
    'an inherited name as fault': { apiFaults: { script: ['toString'] } },
    'a script that is no list': { apiFaults: { script: 'slow' } },
    'rates that are no object': { apiFaults: { rates: null } },
    'a negative slowness': { apiFaults: { slowness: -1 } },
    'a patient whose registration is a text': {
      patients: [{ nhsNumber: '9990000018', birthDate: '1970-01-01', registered: 'no' }],
    },
  };
  for (const [what, options] of Object.entries(WRONG))
    it(`refuse ${what}`, () => assert.throws(() => new Simulator(options), { code: 'PKB_SETTING' }));
});
