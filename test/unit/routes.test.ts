/** Admin routes: made in one place, listed for who secures a server, and all attacked by a test. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../..');
const text = (file: string): string => readFileSync(join(root, file), 'utf8');
const files = globSync(['src/**/*.ts', 'nodes/**/*.ts'], { cwd: root });
const routes = files.flatMap((file) =>
  [...text(file).matchAll(/admin(Get|Post)\(\s*RED,\s*'\/([^']+)'/g)].map(([, method = '', path = '']) => ({
    method: method.toUpperCase(),
    path,
  })),
);

describe('the admin routes', () => {
  it('are made by nodes/common/admin.ts only', () =>
    assert.deepEqual(
      files.filter((file) => /\bhttpAdmin\b/.test(text(file))).map((file) => file.replaceAll('\\', '/')),
      ['nodes/common/admin.ts'],
    ));

  it('have a row each in SECURITY.md', () => {
    const rows = [...text('SECURITY.md').matchAll(/^\| `(GET|POST) ([^`]+)`/gm)];
    assert.deepEqual(
      routes.map(({ method, path }) => `${method} ${path.replace(':id', '<id>')}`).toSorted(),
      rows.map(([, method, path]) => `${method} ${path}`).toSorted(),
      'routes in the code (actual), and rows in SECURITY.md (expected)',
    );
  });

  it('are all seen by this test: each path is literal text', () => {
    const calls = files
      .filter((file) => !/\badmin\.ts$/.test(file))
      .flatMap((file) => [...text(file).matchAll(/\badmin(?:Get|Post)\(/g)]);
    assert.equal(calls.length, routes.length);
  });

  it('are for everybody where they hold nothing of anybody: the page before its user has signed in', () => {
    const open = files.flatMap((file) =>
      [...text(file).matchAll(/adminGet\(\s*RED,\s*'\/([^']+)',\s*'everybody'/g)].map(([, path]) => path),
    );
    assert.deepEqual(open.toSorted(), ['pkb', 'pkb/page.js', 'pkb/texts']);
    const named = files
      .filter((file) => !/\badmin\.ts$/.test(file))
      .flatMap((file) => [...text(file).matchAll(/'everybody'/g)]);
    assert.equal(named.length, open.length, 'say everybody in the call of adminGet itself');
  });

  /** The routes that have no row among some paths of test/routes/admin.test.ts, where `:id` is the id of a node. */
  const without = (wanted: string, rows: readonly string[]): string[] =>
    routes
      .filter(({ method }) => method === wanted)
      .map(({ path }) => path)
      .filter((path) => !rows.some((row) => new RegExp(`^${path.replace(':id', '[^/]+')}$`).test(row)));
  const attacks = text('test/routes/admin.test.ts');
  /** The paths in a table of that test. */
  const pathsIn = (table: string): string[] => {
    const [, rows = ''] = new RegExp(`const ${table}[^{]*\\{([\\s\\S]*?)\\n\\};`).exec(attacks) ?? [];
    return [...rows.matchAll(/'\/([^']+)':/g)].map(([, path = '']) => path);
  };

  it('are attacked: each POST has a row in POSTS of test/routes/admin.test.ts', () =>
    assert.deepEqual(without('POST', pathsIn('POSTS')), []));

  it('are for whom they should be: each POST has a row in the list of who may, in test/routes/admin.test.ts', () => {
    const listed = [...attacks.matchAll(/\['\/([^']+)', \['everything'/g)].map(([, path = '']) => path);
    assert.deepEqual(without('POST', listed), []);
  });

  it('are read by whom they should be: each GET has a row in GETS of test/routes/admin.test.ts', () =>
    assert.deepEqual(without('GET', pathsIn('GETS')), []));
});
