/** Example 11, with a real PostgreSQL; `test/fault/instances` has two whole Node-REDs. */
import assert from 'node:assert/strict';
import { type Postgres, postgresFolder, startPostgres } from '../support/postgres.js';
import { run } from './examples.js';
import { server, version } from './runtime.js';

const FILE = '11 - Two Node-REDs share one outbox.json';

describe(`the example of a shared outbox on Node-RED ${version}`, function () {
  this.timeout(60_000);
  before(() => server.start());
  after(() => server.stop());
  afterEach(() => server.unload());

  it('says what to enter where there is no connection string, and accepts nothing', async () => {
    const flow = await run(FILE);
    flow.press('five changes of one patient');
    const { error } = await flow.wait('pkb11-errors');
    assert.match(error.message, /connection string.*pkb outbox/);
    assert.deepEqual(flow.seen('pkb11-seen'), []);
  });

  if (postgresFolder === undefined) {
    it('is run where there is a PostgreSQL (not run)');
    return;
  }

  describe('with a database', () => {
    let postgres: Postgres;
    before(async () => {
      postgres = await startPostgres();
    });
    after(() => postgres?.stop());

    it('sends five changes in their order', async () => {
      const flow = await run(FILE, (node) => node, [], {
        'pkb11-outbox': { connectionString: postgres.url },
      });
      flow.press('five changes of one patient');
      await flow.wait('pkb11-accepted', 5);
      const streets = flow
        .seen('pkb11-seen')
        .map(({ payload }) => /\|{3}(\d) Sample Street/.exec(payload)?.[1]);
      assert.deepEqual(streets, ['1', '2', '3', '4', '5']);
      assert.deepEqual(flow.seen('pkb11-errors'), []);
    });
  });
});
