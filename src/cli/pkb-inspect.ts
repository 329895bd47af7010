#!/usr/bin/env node
/**
 * pkb-inspect: the guard's findings on files, for a terminal or a build.
 *
 *     pkb-inspect [--json] FILE|FOLDER …
 *
 * Exit code 0: nothing would be blocked; 1: something would; 2: something could not be read.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PkbError } from '../errors.js';
import { readMessages } from '../hl7/input.js';
import { inspect } from '../pkb/guard/inspect.js';
import type { Finding } from '../pkb/guard/rule.js';

const USAGE = `Usage: pkb-inspect [--json] FILE|FOLDER ...

Prints what the PKB guard finds in HL7 v2 messages. No value of a message is shown.
Exit code 0: nothing would be blocked; 1: something would; 2: something could not be read.
`;

/** What was found in one message of a file. */
interface Report {
  readonly file: string;
  /** Which message of the file, from 1. */
  readonly message: number;
  readonly blocked: boolean;
  readonly findings: readonly Finding[];
}

/** A file that could not be read, and why. */
interface Unread {
  readonly file: string;
  readonly error: string;
}

function main(args: readonly string[]): number {
  const json = args.includes('--json');
  const paths = args.filter((arg) => !arg.startsWith('-'));
  if (
    args.includes('--help') ||
    paths.length === 0 ||
    args.some((arg) => arg.startsWith('-') && !['--json', '--help'].includes(arg))
  ) {
    process.stdout.write(USAGE);
    return args.includes('--help') ? 0 : 2;
  }
  const results = paths.flatMap(inspectPath);
  process.stdout.write(json ? `${JSON.stringify(results, null, 2)}\n` : results.map(shown).join(''));
  if (results.some((result) => 'error' in result)) return 2;
  return results.some((result) => 'blocked' in result && result.blocked) ? 1 : 0;
}

function inspectPath(path: string): (Report | Unread)[] {
  try {
    if (statSync(path).isDirectory()) {
      return readdirSync(path)
        .toSorted()
        .flatMap((entry) => inspectPath(join(path, entry)));
    }
    return readMessages(readFileSync(path)).map((text, i) => {
      const { findings, blocked } = inspect(text);
      return { file: path, message: i + 1, blocked, findings };
    });
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    return [
      { file: path, error: error instanceof PkbError ? error.message : `cannot be read (${String(code)})` },
    ];
  }
}

function shown(result: Report | Unread): string {
  if ('error' in result) return `${result.file}: ${result.error}\n`;
  const { file, message, findings } = result;
  if (findings.length === 0) return `${file} (message ${message}): nothing found\n`;
  return findings
    .map(
      ({ action, location, rule, text }) =>
        `${file} (message ${message}): ${action} ${location} ${rule}: ${text}\n`,
    )
    .join('');
}

process.exitCode = main(process.argv.slice(2));
