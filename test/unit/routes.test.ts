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

  /** The POSTs that have no row among some paths of test/fault/admin.test.ts, where `:id` is the id of a node. */
  const without = (rows: readonly string[]): string[] =>
    routes
      .filter(({ method }) => method === 'POST')
      .map(({ path }) => path)
      .filter((path) => !rows.some((row) => new RegExp(`^${path.replace(':id', '[^/]+')}$`).test(row)));
  const attacks = text('test/fault/admin.test.ts');

  it('are attacked: each POST has a row in POSTS of test/fault/admin.test.ts', () => {
    const [, posts = ''] = /const POSTS[^{]*\{([\s\S]*?)\n\};/.exec(attacks) ?? [];
    const attacked = [...posts.matchAll(/'\/([^']+)':/g)].map(([, path = '']) => path);
    assert.deepEqual(without(attacked), []);
  });

  it('are for whom they should be: each POST has a row in the list of who may, in test/fault/admin.test.ts', () => {
    const listed = [...attacks.matchAll(/\['\/([^']+)', \['everything'/g)].map(([, path = '']) => path);
    assert.deepEqual(without(listed), []);
  });
});
