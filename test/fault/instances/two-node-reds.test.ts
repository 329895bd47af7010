/** Two whole Node-REDs with the same flow and one PostgreSQL. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { type NodeRed, remove, startNodeRed } from '../../support/node-red.js';
import { type Postgres, postgresFolder, startPostgres } from '../../support/postgres.js';
import { type FlowNode, post, readTold, SENDING_SETTINGS, sendingUserDir } from '../../support/sending.js';
import { acceptAll, startServer, type TestServer } from '../../support/server.js';
import { stamped } from '../../support/messages.js';
import { until } from '../../support/wait.js';

describe('two Node-REDs that share an outbox in PostgreSQL', function () {
  this.timeout(120_000);
  if (postgresFolder === undefined) {
    it('are tried where there is a PostgreSQL (not run)');
    return;
  }
  let postgres: Postgres;
  let server: TestServer;
  const agent = new Agent({ keepAlive: true });
  const reds: NodeRed[] = [];

  /** A user directory whose outbox is the database. @param url where its connection goes */
  const userDir = (url = server.url): string => {
    const folder = sendingUserDir(url);
    const flows = join(folder, 'flows.json');
    const nodes = JSON.parse(readFileSync(flows, 'utf8')) as FlowNode[];
    writeFileSync(
      flows,
      JSON.stringify(nodes.map((node) => (node.id === 'outbox' ? { ...node, store: 'postgres' } : node))),
    );
    const credentials = join(folder, 'flows_cred.json');
    const known = JSON.parse(readFileSync(credentials, 'utf8')) as object;
    writeFileSync(credentials, JSON.stringify({ ...known, outbox: { connectionString: postgres.url } }));
    return folder;
  };

  before(async () => {
    postgres = await startPostgres();
    server = await startServer(acceptAll);
    for (let n = 0; n < 2; n++) reds.push(await startNodeRed('node-red', userDir(), SENDING_SETTINGS));
  });
  after(async () => {
    agent.destroy();
    for (const red of reds) {
      await red.stop();
      remove(red.userDir);
    }
    await server?.close();
    await postgres?.stop();
  });

  it('both accept, one sends, and each is told of what it accepted; when one stops, the other goes on', async () => {
    const [one, two] = reds;
    assert.ok(one && two);
    const hand = async (red: NodeRed, id: string): Promise<void> =>
      assert.ok(await post(`${red.url}/in`, stamped(id), agent), `${id} is stored`);
    for (let n = 0; n < 40; n++) await hand(n % 2 === 0 ? one : two, `p-${n}`);
    const told = (red: NodeRed): string[] => [...new Set(readTold(red.userDir).map(({ id }) => id))];
    await until('both are told', () => told(one).length + told(two).length >= 40);
    assert.deepEqual(
      server.arrived.map(({ controlId }) => controlId),
      Array.from({ length: 40 }, (_, n) => `p-${n}`),
      'one patient, in the order of storing, whoever stored it',
    );
    assert.ok(told(one).every((id) => Number(id.slice(2)) % 2 === 0));
    assert.ok(told(two).every((id) => Number(id.slice(2)) % 2 === 1));
    await one.stop();
    for (let n = 40; n < 50; n++) await hand(two, `p-${n}`);
    await until('the other sends', () => told(two).includes('p-49'));
    assert.equal(server.arrived.length, 50);
    for (const red of reds) assert.ok(!/pkb@127|TypeError/.test(red.output()), 'nothing odd is logged');
  });

  it('send nothing to another address, where a flow of another address has a connection of the same id', async () => {
    const [, two] = reds;
    const elsewhere = await startServer(acceptAll);
    const stranger = await startNodeRed('node-red', userDir(elsewhere.url), SENDING_SETTINGS);
    try {
      assert.ok(two && (await post(`${stranger.url}/in`, stamped('s-1'), agent)));
      assert.ok(await post(`${two.url}/in`, stamped('p-50'), agent));
      const said = /stored for another address|were stored for|was stored for/;
      await until('one of the two says so', () => said.test(two.output()) || said.test(stranger.output()));
      assert.ok(!server.arrived.some(({ controlId }) => controlId === 's-1'));
      assert.ok(!elsewhere.arrived.some(({ controlId }) => controlId.startsWith('p-')));
    } finally {
      await stranger.stop();
      remove(stranger.userDir);
      await elsewhere.close();
    }
  });
});
