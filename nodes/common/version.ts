/** Which version of this package runs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The version in `package.json`. */
export const { version: VERSION } = JSON.parse(
  readFileSync(join(__dirname, '../../../package.json'), 'utf8'),
) as { version: string };

/** How requests name their program to PKB. */
export const USER_AGENT = `node-red-pkb/${VERSION}`;
