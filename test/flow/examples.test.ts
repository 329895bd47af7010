import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { server, start, version } from './runtime.js';

const folder = join(__dirname, '../../examples');

interface FlowNode {
  id: string;
  type: string;
  name?: string;
  payload?: string;
  props?: { p: string; v?: string }[];
  [key: string]: unknown;
}

/** An example with its inject and debug nodes replaced by ones that a test can press and read. */
function runnable(file: string): { nodes: FlowNode[]; injects: FlowNode[] } {
  const all = JSON.parse(readFileSync(join(folder, file), 'utf8')) as FlowNode[];
  const injects = all.filter(({ type }) => type === 'inject');
  const nodes = all
    .filter(({ type }) => !['tab', 'comment'].includes(type))
    .map((node) => {
      if (node.type === 'debug') return { id: node.id, type: 'helper', z: 'tab', wires: [] };
      if (node.type === 'inject') return { id: node.id, type: 'helper', z: 'tab', wires: node['wires'] };
      return node.type.startsWith('pkb-') && node['z'] === undefined ? node : { ...node, z: 'tab' };
    });
  return { nodes, injects };
}

/** Does what pressing an inject node does. */
function press(flow: Awaited<ReturnType<typeof start>>, { id, payload, props = [] }: FlowNode): void {
  const message: Record<string, unknown> = { payload };
  for (const { p, v } of props) if (v !== undefined) message[p] = v;
  flow.node(id).send(message);
}

describe(`the examples on Node-RED ${version}`, () => {
  before(() => server.start());
  after(() => server.stop());
  afterEach(() => server.unload());

  it('are numbered, begin with a note, and use no credentials', () => {
    for (const [i, file] of readdirSync(folder).toSorted().entries()) {
      assert.ok(file.startsWith(String(i + 1).padStart(2, '0')), file);
      const nodes = JSON.parse(readFileSync(join(folder, file), 'utf8')) as FlowNode[];
      assert.ok(
        nodes.some(({ type, info }) => type === 'comment' && String(info).length > 100),
        file,
      );
      assert.ok(
        nodes.every((node) => !('credentials' in node)),
        file,
      );
    }
  });

  it('01 sends an A28 that is accepted', async () => {
    const { nodes, injects } = runnable('01 - Send an A28.json');
    const flow = await start(nodes);
    for (const inject of injects) press(flow, inject);
    assert.equal((await flow.wait('pkb01-accepted')).payload.code, 'AA');
    assert.equal((await flow.wait('pkb01-seen')).simulator.held, false);
  });

  it('02 stops, strips, and shows what would have been overwritten', async () => {
    const { nodes, injects } = runnable('02 - Stop an A31 with diagnoses.json');
    const flow = await start(nodes);
    for (const inject of injects) press(flow, inject);
    assert.equal((await flow.wait('pkb02-stopped')).pkb.findings[0].location, 'DG1[1]');
    await flow.wait('pkb02-accepted', 2);
    await flow.wait('pkb02-seen', 2);
    const effects = flow.seen('pkb02-seen').map(({ simulator }) => JSON.stringify(simulator.effects));
    assert.equal(effects.filter((text) => text.includes('OVERWRITTEN')).length, 1);
    const summaries = flow.seen('pkb02-seen').map(({ simulator }) => simulator.summary as string);
    assert.ok(
      summaries.some((text) => /Before: Asthma .*Now: Asthma\./.test(text)),
      summaries.join('\n'),
    );
  });

  it('03 sends for the Customers that are configured, and for no other', async () => {
    const { nodes, injects } = runnable('03 - Many Customers through one flow.json');
    const flow = await start(nodes);
    for (const inject of injects) press(flow, inject);
    await flow.wait('pkb03-accepted', 2);
    assert.deepEqual(
      flow
        .seen('pkb03-accepted')
        .map(({ pkb }) => pkb.customer)
        .toSorted(),
      ['northalias', 'southteam'],
    );
    assert.equal((await flow.wait('pkb03-errors')).error.code, 'PKB_CUSTOMER');
  });
});
