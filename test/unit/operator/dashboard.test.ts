/** The dashboard for Grafana: that it can be imported, and that it asks for the metrics that there are. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Metrics } from '../../../src/operator/metrics.js';
import { Scraped } from '../../support/metrics.js';

const root = join(__dirname, '../../..');
const text = (file: string): string => readFileSync(join(root, file), 'utf8');

interface Source {
  readonly type: string;
  readonly uid: string;
}
interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly datasource?: Source;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly datasource: Source }[];
}
interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query: string | { readonly query: string };
}
interface Dashboard {
  readonly id: null;
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly templating: { readonly list: readonly Variable[] };
  readonly panels: readonly Panel[];
}

describe('the dashboard', () => {
  const dashboard = JSON.parse(text('docs/grafana-dashboard.json')) as Dashboard;
  const { panels, templating } = dashboard;
  const charts = panels.filter(({ type }) => type !== 'row');
  const queries = [
    ...charts.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ...templating.list.map(({ query }) => (typeof query === 'string' ? query : query.query)),
  ];
  const named = new Set(queries.flatMap((query) => query.match(/\bpkb_\w+/g) ?? []));
  let scraped: Scraped;
  before(async () => {
    const metrics = new Metrics();
    const labels = { connection: 'c', name: 'n', environment: 'custom' };
    metrics.connection(labels);
    const found = { labels, state: 'open', inFlight: 0, stored: { pending: 0, onHold: 0 } } as const;
    const states = { watched: 1, read: 1, post: 1, attention: 1, cancelled: 1 };
    const letters = { node: 'l', name: 'n', states };
    scraped = new Scraped(await metrics.text(async () => ({ connections: [found], letters: [letters] })));
  });

  it('asks for nothing that the endpoint does not have', () => {
    const there = new Set(scraped.samples.map(({ name }) => name));
    assert.ok(named.size > 5);
    assert.deepEqual(
      [...named].filter((name) => !there.has(name)),
      [],
    );
  });

  it('shows every metric that the endpoint has', () => {
    const shown = new Set([...named].map((name) => name.replace(/_(?:bucket|count|sum)$/, '')));
    assert.deepEqual(
      [...scraped.types.keys()].filter((name) => !shown.has(name)),
      [],
    );
  });

  it('asks for labels that there are', () => {
    const labels = new Set(scraped.samples.flatMap(({ labels }) => Object.keys(labels)));
    // Prometheus adds this one.
    labels.add('instance');
    const asked = queries.flatMap((query) => [
      ...[...query.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(', ')),
      ...[...query.matchAll(/(\w+)=~?"/g)].map(([, label = '']) => label),
    ]);
    assert.ok(asked.length > 20);
    assert.deepEqual(
      asked.filter((label) => !labels.has(label)),
      [],
    );
  });

  it('asks for states and outcomes that there are', () => {
    const values = new Set(scraped.samples.flatMap(({ labels }) => [labels['state'], labels['outcome']]));
    const asked = queries.flatMap((query) =>
      [...query.matchAll(/(?:state|outcome)=~?"([^"]*)"/g)].flatMap(([, list = '']) => list.split('|')),
    );
    assert.ok(asked.length > 5);
    assert.deepEqual(
      asked.filter((value) => !values.has(value)),
      [],
    );
  });

  it('can be imported: no id of another Grafana, the data source is chosen, no panel lies on another', () => {
    assert.equal(dashboard.id, null);
    assert.match(dashboard.uid, /^[\w-]{1,40}$/);
    assert.ok(dashboard.title !== '' && dashboard.schemaVersion >= 36);
    const source = templating.list.find(({ type }) => type === 'datasource');
    assert.deepEqual([source?.name, source?.query], ['datasource', 'prometheus']);
    for (const { title, datasource, targets = [] } of charts) {
      assert.ok(targets.length > 0, title);
      for (const one of [datasource, ...targets.map((target) => target.datasource)])
        assert.deepEqual(one, { type: 'prometheus', uid: '${datasource}' }, title);
    }
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
    const taken = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
      assert.ok(x + w <= 24);
      return Array.from({ length: w * h }, (_, n) => `${x + (n % w)},${y + Math.floor(n / w)}`);
    });
    assert.equal(new Set(taken).size, taken.length);
  });

  it('has variables for all that its queries leave open', () => {
    const known = new Set(templating.list.map(({ name }) => name));
    const used = queries.flatMap((query) => [...query.matchAll(/\$(\w+)/g)].map(([, name = '']) => name));
    assert.deepEqual(
      used.filter((name) => !known.has(name) && !name.startsWith('__')),
      [],
    );
  });
});

describe('the page on metrics', () => {
  it('has a row for every metric, and for none that there is not', async () => {
    const { types } = new Scraped(await new Metrics().text(async () => ({ connections: [], letters: [] })));
    const rows = [...text('docs/operators.md').matchAll(/^\| `(pkb_\w+)` \|/gm)].map(([, name]) => name);
    assert.deepEqual(rows.toSorted(), [...types.keys()].toSorted());
  });
});
