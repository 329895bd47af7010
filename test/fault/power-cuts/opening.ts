/** The built outbox, as writer and checker open it. */
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { OpenOutbox } from '../../../src/delivery/outbox/open.js';

type Opening = typeof import('../../../src/delivery/outbox/open.js');

const dist = join(__dirname, '../../../dist/src/delivery/outbox/open.js');
const { openOutbox } = createRequire(__filename)(dist) as Opening;

/** The connection and the pkb-send node of all messages. */
export const CONNECTION = 'connection';
export const SENDER = 'sender';

/** Name of the file in its folder. */
export const FILE = 'pkb-outbox.sqlite';

/** Opens the outbox in a folder; texts of accepted messages are erased when their sender has been told. */
export async function openIn(folder: string): Promise<OpenOutbox> {
  return openOutbox({ store: 'embedded', path: FILE, userDir: folder, retentionDays: 0 }, 'power cuts');
}

/** The control ID that a message had at first; a corrected one has another, which begins with it. */
export function nameOf({ controlId }: { readonly controlId: string }): string {
  return controlId.split('.')[0] ?? '';
}

/** By which texts are compared. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
