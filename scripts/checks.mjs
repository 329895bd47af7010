// What is checked without running anything: each with its title and the arguments of Node.js.
import { join } from 'node:path';
import { root } from './setup.mjs';

const bin = (file) => join(root, 'node_modules', file);
const tsc = bin('typescript/bin/tsc');

export const CHECKS = [
  { title: 'build', args: [join(root, 'scripts/build.mjs')] },
  { title: 'types of the tests', args: [tsc, '-p', 'test'] },
  { title: 'types of the dialogs', args: [tsc, '-p', 'nodes/editor'] },
  {
    title: 'lint (oxlint, type-aware)',
    args: [
      bin('oxlint/bin/oxlint'),
      '--type-aware',
      '--deny-warnings',
      'src',
      'nodes',
      'test',
      'bench',
      'scripts',
    ],
  },
  {
    title: 'format (Prettier)',
    args: [bin('prettier/bin/prettier.cjs'), '--check', '--log-level=warn', '.'],
  },
];
