/** pkb-events in a real flow: example 12, with a person who dismisses. */
import assert from 'node:assert/strict';
import { run } from './examples.js';
import { server, start, version } from './runtime.js';

const FILE = '12 - Tell people when something is wrong.json';

describe(`pkb-events on Node-RED ${version}`, function () {
  this.timeout(60_000);
  before(() => server.start());
  after(() => server.stop());
  afterEach(() => server.unload());

  it('tells once that a message was not accepted, and once that this is over (example 12)', async () => {
    const flow = await run(FILE, (node) => (node.id === 'pkb12-tell' ? { ...node, type: 'helper' } : node));
    flow.press('a letter that PKB rejects');
    await flow.wait('pkb12-rejected');
    const { payload } = await flow.wait('pkb12-tell');
    assert.equal(payload.text, 'The PKB connection letters has messages that PKB did not accept.');
    const outbox = await flow.node('pkb12-connection').delivery().outbox();
    const { messages } = await outbox.list({ states: ['rejected', 'errored'] }, undefined, 5);
    await outbox.dismiss(messages.map(({ id }: { id: number }) => id));
    await flow.wait('pkb12-tell', 2);
    assert.equal(
      flow.seen('pkb12-tell')[1].payload.text,
      'Over: The PKB connection letters has messages that PKB did not accept.',
    );
    const texts = flow.statuses('pkb12-events').map(({ text }) => text);
    assert.ok(texts.some((text) => text?.includes('wrong')) && texts.at(-1)?.includes('fine'), texts.join());
  });

  it('says which setting is wrong, and tells nothing', async () => {
    const flow = await start([
      { id: 'events', type: 'pkb-events', z: 'tab', minutes: 'soon', wires: [['out']] },
      { id: 'out', type: 'helper', z: 'tab', wires: [] },
    ]);
    assert.match(flow.log(), /number of minutes of pkb events must be/);
    assert.deepEqual(flow.seen('out'), []);
  });
});
