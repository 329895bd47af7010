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
    );
  });

  it('are attacked: each POST has a row in POSTS of test/fault/admin.test.ts', () => {
    const [, posts = ''] = /const POSTS[^{]*\{([\s\S]*?)\n\};/.exec(text('test/fault/admin.test.ts')) ?? [];
    const attacked = [...posts.matchAll(/'\/([^']+)':/g)].map(([, path = '']) =>
      path.replace(/^pkb-send\/send\//, 'pkb-send/:id/'),
    );
    const missing = routes.filter(({ method, path }) => method === 'POST' && !attacked.includes(path));
    assert.deepEqual(missing, []);
  });
});
