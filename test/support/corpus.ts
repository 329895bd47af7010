/**
 * Third-party messages for tests. They are not part of the project: HL7_CORPUS names a folder that holds them, with
 * PKB's published examples beside it in `pkb-examples`. Where it is missing, the tests that need them step aside and say so.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const folder = process.env['HL7_CORPUS'] ?? '';

/** Whether there is a corpus. */
export const hasCorpus = folder !== '' && existsSync(folder);

/** PKB's published examples; blank where they are missing. */
export const pkbExamples = hasCorpus ? join(dirname(folder), 'pkb-examples') : '';

/** A file of the corpus. */
export interface CorpusFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/** All files of the corpus and of PKB's examples, but for the lists of sources. */
export function corpusFiles(): CorpusFile[] {
  if (!hasCorpus) return [];
  return [...filesIn(folder, folder), ...filesIn(pkbExamples, pkbExamples)];
}

/** One of PKB's published examples, segments ended by LF as it is stored. */
export function pkbExample(name: string): string {
  return readFileSync(join(pkbExamples, name), 'utf8');
}

function filesIn(top: string, at: string): CorpusFile[] {
  return readdirSync(at)
    .toSorted()
    .flatMap((entry) => {
      const path = join(at, entry);
      if (statSync(path).isDirectory()) return filesIn(top, path);
      return entry === 'SOURCES.md' ? [] : [{ name: relative(top, path), bytes: readFileSync(path) }];
    });
}

/**
 * The messages of all files: each text that begins with MSH at the start of a line, up to the next one.
 *
 * @returns text decoded byte for character where it is not UTF-8, so that nothing is lost
 */
export function corpusMessages(): { name: string; text: string }[] {
  return corpusFiles().flatMap(({ name, bytes }) => {
    const text = bytes.toString('latin1');
    const starts = [...text.matchAll(/(?<=^|[\r\n\v])MSH/g)].map((match) => match.index);
    return starts.map((start, i) => ({ name: `${name}#${i + 1}`, text: text.slice(start, starts[i + 1]) }));
  });
}

/** Declares a suite that needs the corpus; without one it is shown as pending, with the reason. */
export function describeWithCorpus(title: string, body: () => void): void {
  if (hasCorpus) describe(title, body);
  else
    describe(`${title} (needs HL7_CORPUS, not run)`, () =>
      it('is run where HL7_CORPUS names the folder of messages'));
}
