/** How the house is built: imports point down only, and never in a circle, types included. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';

const root = join(__dirname, '../..');
const FILES = globSync(['src/**/*.ts', 'nodes/**/*.ts'], { cwd: root }).map((file) =>
  file.replaceAll(sep, '/'),
);

/** The files that a file imports, as paths from the root; packages and JSON are none. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const found = text.matchAll(
    /^(?:import|export)\b[^;]*?from '(\.{1,2}\/[^']+)\.js'|import\('(\.{1,2}\/[^']+)\.js'\)/gm,
  );
  return [...found].map(([, named, loaded]) => {
    const target = normalize(join(dirname(file), `${named ?? loaded}.ts`)).replaceAll(sep, '/');
    assert.ok(existsSync(join(root, target)), `${file} imports ${target}`);
    return target;
  });
}

const IMPORTS = new Map(FILES.map((file) => [file, importsOf(file)]));

/** What each room may import from, besides itself. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  'src/errors.ts': [],
  'src/settings.ts': ['src/errors.ts'],
  'src/iso-time.ts': [],
  'src/hl7': ['src/errors.ts'],
  'src/pkb': ['src/hl7', 'src/errors.ts'],
  'src/http': [],
  'src/delivery': ['src/http', 'src/pkb', 'src/hl7', 'src/errors.ts'],
  'src/api': ['src/http', 'src/errors.ts'],
  'src/letters': ['src/api', 'src/delivery', 'src/hl7', 'src/errors.ts'],
  'src/operator': ['src/delivery', 'src/pkb', 'src/hl7', 'src/errors.ts', 'src/iso-time.ts'],
  'src/simulator': ['src/pkb', 'src/hl7', 'src/errors.ts'],
  'src/cli': [
    'src/operator',
    'src/letters',
    'src/delivery',
    'src/pkb',
    'src/hl7',
    'src/errors.ts',
    'src/iso-time.ts',
  ],
  'src/index.ts': ['src'],
  'nodes/common': ['src'],
  'nodes/editor': ['src/settings.ts'],
};

/** A dialog runs in a browser: it takes what is pure, and nothing that runs in Node-RED. */
const isDialog = (file: string): boolean => /^nodes\/pkb-\w+\/editor(?:\.ts|\/)/.test(file);

function roomOf(file: string): string {
  const room = Object.keys(MAY).find((name) => file === name || file.startsWith(`${name}/`));
  return room ?? file.split('/').slice(0, 2).join('/');
}

function mayImport(file: string, target: string): boolean {
  if (roomOf(file) === roomOf(target) && isDialog(file) === isDialog(target)) return true;
  if (isDialog(file)) return target.startsWith('nodes/editor/') || target.startsWith('src/');
  if (file.startsWith('nodes/pkb-')) return target.startsWith('nodes/common/') || target.startsWith('src/');
  return (MAY[roomOf(file)] ?? []).some((room) => target === room || target.startsWith(`${room}/`));
}

describe('the house', () => {
  it('has imports that point down only', () => {
    const wrong = [...IMPORTS].flatMap(([file, targets]) =>
      targets.filter((target) => !mayImport(file, target)).map((target) => `${file} imports ${target}`),
    );
    assert.deepEqual(wrong, []);
  });

  it('has no circle, not even of types', () => {
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' → '));
      if (path.includes(file) || done.has(file)) return;
      for (const target of IMPORTS.get(file) ?? []) visit(target, [...path, file]);
      done.add(file);
    };
    for (const file of FILES) visit(file, []);
    assert.deepEqual(circles, []);
  });

  it('is seen whole by git: what .gitignore names anywhere is no folder of nodes/', () => {
    const ignored = readFileSync(join(root, '.gitignore'), 'utf8').split('\n');
    const hidden = readdirSync(join(root, 'nodes')).filter((name) => ignored.includes(`${name}/`));
    assert.deepEqual(
      hidden,
      [],
      'begin the line in .gitignore with a slash, for the folder at the root only',
    );
  });

  it('is seen whole by this test', () => {
    assert.ok(FILES.length > 150);
    assert.ok([...IMPORTS.values()].flat().length > 400);
  });
});
