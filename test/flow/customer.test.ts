import assert from 'node:assert/strict';
import { readRaw } from '../../src/hl7/read.js';
import { a28 } from '../support/messages.js';
import { acceptAll, startServer, type TestServer } from '../support/server.js';
import { until } from '../support/wait.js';
import { build, CATCH, collector, connection, CREDENTIALS, customer, send } from './flows.js';
import { server, start, version } from './runtime.js';

describe(`a message that names a Customer itself, on Node-RED ${version}`, () => {
  let pkb: TestServer;
  before(async () => {
    await server.start();
    pkb = await startServer(acceptAll);
  });
  after(async () => {
    await pkb.close();
    await server.stop();
  });
  afterEach(async () => {
    await server.unload();
    pkb.arrived.length = 0;
  });

  const run = (chosen: string, more: readonly object[] = []) =>
    start(
      [
        customer('customer', 'North Trust', 'north', 'controller'),
        customer('other', 'South Trust', 'south'),
        ...more,
        build({ customer: chosen, wires: [['send']] }),
        connection(pkb.url),
        send(),
        collector('accepted'),
        collector('rejected'),
        ...CATCH,
      ],
      CREDENTIALS,
    );

  /** Hands in one message, and a plain one behind it, which shows that the first has been seen to. */
  const hand = async (
    flow: Awaited<ReturnType<typeof run>>,
    named: unknown,
    plain: unknown,
  ): Promise<string[]> => {
    flow.receive('build', { payload: a28(), customer: named, topic: 'named' });
    flow.receive('build', { payload: a28(), customer: plain, topic: 'plain' });
    await until('the second is accepted', () => flow.seen('accepted').some(({ topic }) => topic === 'plain'));
    await until(
      'the first has an end',
      () => flow.seen('accepted').length + flow.seen('caught').length === 2,
    );
    return pkb.arrived.map(({ hl7 }) => readRaw(hl7, 'MSH-4') ?? '');
  };

  describe('where pkb-build has one', () => {
    for (const [what, named] of [
      ['by its name', 'North Trust'],
      ['by its name in other letters, with blanks', '  NORTH trust\t'],
      ['by its alias', 'north'],
      ['by its alias in other letters, with blanks', ' NORTH\n'],
      ['not at all', undefined],
      ['by null', null],
      ['by an empty text', ''],
    ] as const) {
      it(`is taken that names the same ${what}`, async () => {
        const flow = await run('customer');
        assert.deepEqual(await hand(flow, named, undefined), ['north{controller}', 'north{controller}']);
        assert.deepEqual(flow.seen('caught'), []);
      });
    }

    for (const [what, named] of [
      ['another', 'South Trust'],
      ['another by its alias', 'south'],
      ['one that is not configured', 'West Trust'],
      ['the same by its data-controller alias', 'controller'],
      ['the same by what would stand in MSH-4', 'north{controller}'],
      ['the same by the id of its node', 'customer'],
      ['the beginning of its name', 'North T'],
      ['its name with two blanks', 'North  Trust'],
      ['blanks', '  '],
      ['a number', 7],
      ['zero', 0],
      ['a truth value', false],
      ['an object', { name: 'North Trust', alias: 'north' }],
      ['a list', ['north']],
      ['a Buffer', Buffer.from('north')],
      ['a text as an object', Object('north')],
    ] as [string, unknown][]) {
      it(`is refused that names ${what}, and nothing of it is sent`, async () => {
        const flow = await run('customer');
        assert.deepEqual(await hand(flow, named, undefined), ['north{controller}']);
        const [caught] = flow.seen('caught');
        assert.equal(caught.error.code, 'PKB_CUSTOMER');
        assert.match(
          caught.error.message,
          /another Customer than the one chosen in the node: nothing was sent/,
        );
        assert.ok(!/West|South Trust/.test(caught.error.message));
        assert.deepEqual([caught.topic, caught.payload], ['named', a28()]);
      });
    }
  });

  describe('where pkb-build has none', () => {
    for (const [what, named, facility] of [
      ['a name', 'South Trust', 'south{south}'],
      ['a name in other letters, with blanks', ' south TRUST ', 'south{south}'],
      ['an alias', 'north', 'north{controller}'],
      ['an alias in other letters, with blanks', '\tNorth ', 'north{controller}'],
    ] as const) {
      it(`is taken by ${what}`, async () => {
        assert.deepEqual(await hand(await run(''), named, 'north'), [facility, 'north{controller}']);
      });
    }

    for (const [what, named] of [
      ['nothing', undefined],
      ['null', null],
      ['an empty text', ''],
      ['blanks', '  '],
      ['one that is not configured', 'West Trust'],
      ['a data-controller alias', 'controller'],
      ['a number', 7],
      ['an object', { name: 'North Trust', alias: 'north' }],
      ['a list', ['north']],
    ] as [string, unknown][]) {
      it(`is refused that names ${what}, and nothing of it is sent`, async () => {
        const flow = await run('');
        assert.deepEqual(await hand(flow, named, 'north'), ['north{controller}']);
        const [{ error }] = flow.seen('caught');
        assert.equal(error.code, 'PKB_CUSTOMER');
        assert.ok(!String(error.message).includes('West'));
      });
    }

    it('goes by a name before an alias that is spelt the same', async () => {
      const flow = await run('', [customer('third-customer', 'south', 'third')]);
      assert.deepEqual(await hand(flow, 'SOUTH', 'north'), ['third{third}', 'north{controller}']);
    });
  });

  it('is refused where the Customer of pkb-build is gone, whoever it names', async () => {
    const flow = await run('gone');
    for (const named of [undefined, 'North Trust', 'gone'])
      flow.receive('build', { payload: a28(), customer: named });
    await flow.wait('caught', 3);
    for (const { error } of flow.seen('caught')) assert.equal(error.code, 'PKB_CUSTOMER');
    assert.deepEqual(pkb.arrived, []);
  });
});
