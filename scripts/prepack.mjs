// Before `npm pack` and `npm publish`: sets up and builds, so that what is packed is what the sources say.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { prepare, root } from './setup.mjs';

await prepare(import.meta.url);
// npm pack --json owns standard output.
execFileSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: ['ignore', 2, 2] });
