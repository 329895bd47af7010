/** What is published: by `npm pack`, as a user gets it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../..');

interface Packed {
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

describe('the package', () => {
  let files: string[];
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version: string;
    'node-red': { nodes: Record<string, string>; plugins: Record<string, string> };
    exports: Record<string, string | { types: string; default: string }>;
    bin: Record<string, string>;
    dependencies: Record<string, string>;
  };

  before(function () {
    this.timeout(60_000);
    const out = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      shell: process.platform === 'win32',
    });
    const packed = JSON.parse(out) as readonly Packed[] | Record<string, Packed>;
    files = (Object.values(packed)[0]?.files ?? []).map(({ path }) => path);
  });

  it('holds what it names, and what each node needs beside it', () => {
    const nodes = Object.values(manifest['node-red'].nodes);
    const beside = nodes.flatMap((file) => {
      const folder = file.replace(/\/node\.js$/, '');
      const type = folder.split('/').at(-1) ?? '';
      const locales = ['en-US', 'en-GB'].flatMap((language) =>
        ['node.json', 'node.html'].map((name) => `${folder}/locales/${language}/${name}`),
      );
      return [`${folder}/node.html`, `${folder}/icons/${type}.svg`, ...locales];
    });
    const main = manifest.exports['.'];
    assert.ok(typeof main === 'object');
    const named = [...nodes, ...beside, ...Object.values(manifest.bin), main.default, main.types].map(
      (file) => file.replace(/^\.\//, ''),
    );
    assert.deepEqual(
      named.filter((file) => !files.includes(file)),
      [],
      'files that package.json names, or that a node needs beside it, and that npm pack does not take',
    );
    for (const file of [
      'README.md',
      'LICENSE',
      'CHANGELOG.md',
      'SECURITY.md',
      'docs/errors.md',
      'docs/grafana-dashboard.json',
    ])
      assert.ok(files.includes(file), file);
    assert.ok(files.filter((file) => /^examples\/.*\.json$/.test(file)).length >= 10);
  });

  it('names every node and plugin, and holds their files', () => {
    const folders = readdirSync(join(root, 'nodes')).filter((name) => name.startsWith('pkb-'));
    const { nodes, plugins } = manifest['node-red'];
    assert.deepEqual(
      Object.keys({ ...nodes, ...plugins }).toSorted(),
      folders.toSorted(),
      'rows under node-red in package.json (actual), and folders in nodes/ (expected)',
    );
    for (const file of [...Object.values<string>(nodes), ...Object.values<string>(plugins)])
      for (const one of [file, file.replace(/\.js$/, '.html')]) assert.ok(files.includes(one), one);
    for (const file of ['page.html', 'page.js', 'locales/en-US/plugin.json'])
      assert.ok(files.includes(`dist/nodes/pkb-operator/${file}`), file);
  });

  it('holds no tests, no sources, no maps without sources, and nothing of this machine', () => {
    const odd = files.filter(
      (file) => /^(?:test|bench|scripts|src|nodes)\//.test(file) || /\.(?:map|tgz|sqlite)$/.test(file),
    );
    assert.deepEqual(odd, []);
  });

  it('has eight dependencies at most', () => {
    assert.ok(Object.keys(manifest.dependencies).length <= 8);
  });

  it('has a lockfile that names no registry, so that each installs from its own', () => {
    const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
    assert.ok(lock.includes('"node_modules/prom-client"'));
    assert.ok(!lock.includes('"resolved"'));
  });

  it('names its version in the changelog, or what is to come', () => {
    const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
    assert.match(changelog, /^## (?:Unreleased|\d+\.\d+\.\d+)/m);
  });
});
