/** The pack of evidence, saved by a command as two files. */
import { existsSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { PkbConfigError, PkbOutboxError } from '../errors.js';
import type { NodeRed } from './node-red.js';

/** How a pack is to be made. */
export interface EvidenceWish {
  readonly connection: string;
  readonly ids: readonly number[];
  /** Path of the files without their endings; undefined = a name with the time, in the working directory. */
  readonly to: string | undefined;
  readonly masked: boolean;
  readonly words: boolean;
}

/** Makes and saves a pack. @returns where, in words @throws PkbConfigError `PKB_SETTING` where a file cannot be written */
export async function saveEvidence(nodeRed: NodeRed, wish: EvidenceWish): Promise<string> {
  const { to, ...asked } = wish;
  if (asked.ids.length === 0) throw new PkbOutboxError('PKB_OUTBOX', 'No message fits; nothing was saved.');
  const { name, html, csv } = await nodeRed.ask<{ name: string; html: string; csv: string }>(
    'evidence',
    asked,
  );
  const files = [`${resolve(to ?? name)}.html`, `${resolve(to ?? name)}.csv`] as const;
  for (const file of files) if (existsSync(file)) throw cannotSave(file, 'is there already');
  save(files[0], html);
  save(files[1], csv);
  const warning = wish.masked && !wish.words ? '' : ' They may hold patient data.';
  return `Saved ${files.join(' and ')}.${warning}`;
}

function save(file: string, content: string): void {
  try {
    // For nobody else on this computer, and never in the place of another file.
    writeFileSync(file, content, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    const isThere = (error as { code?: unknown }).code === 'EEXIST';
    throw cannotSave(file, isThere ? 'is there already' : 'cannot be written');
  }
}

function cannotSave(file: string, why: string): PkbConfigError {
  return new PkbConfigError('PKB_SETTING', `${file} ${why}. Give another path with --to.`);
}
