#!/usr/bin/env node
/**
 * `pkb-outbox`: looks at messages, runs and letters, and acts on messages, through a running Node-RED; shows the pending messages of a PostgreSQL outbox,
 * since when and why, without one; and moves an outbox from a file to PostgreSQL, or back. The connection string and the keys come from environment variables, so that no list of
 * processes shows them.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { cancelMove, move, type MoveSource, type MoveTarget } from '../delivery/outbox/move.js';
import { databaseToFill, databaseToLeave } from '../delivery/outbox/postgres/moving.js';
import { type Overview, overviewOf } from '../delivery/outbox/postgres/overview.js';
import { fileToFill, fileToLeave } from '../delivery/outbox/sqlite/moving.js';
import { asPkbError, PkbConfigError } from '../errors.js';
import { lettersCommand, LETTERS_USAGE } from './letters.js';
import { messagesCommand, MESSAGES_USAGE } from './messages.js';
import { NodeRed } from './node-red.js';
import { runsCommand, RUNS_USAGE } from './runs.js';

const USAGE = `usage:
${RUNS_USAGE}

${LETTERS_USAGE}

${MESSAGES_USAGE}

pkb-outbox status
pkb-outbox move --from FILE --to postgres
pkb-outbox move --from postgres --to FILE
pkb-outbox move --from … --to … --cancel     ends a move that was cut off, to stay with the old outbox
pkb-outbox move --from … --cancel --force    the same where the new outbox cannot be asked whether it is empty

Stop every Node-RED that uses the outbox before you move it. A file is moved to PostgreSQL or back, not to another file: copy
that while Node-RED is stopped.

Of status and move:
PKB_OUTBOX_URL      connection string, such as postgresql://user:password@host/database
PKB_OUTBOX_SCHEMA   schema; default: pkb_outbox
PKB_OUTBOX_KEY      encryption key of the outbox to move, if it has one
PKB_OUTBOX_NEW_KEY  encryption key of the new outbox; not set = the same as PKB_OUTBOX_KEY, blank = not encrypted`;

/** What stands for the database in the options of `move`. */
const POSTGRES = 'postgres';

/** A connection in words. @param now the current time */
export function describe(one: Overview, now: Date): string {
  const { connection, pending, onHold, oldest, hasSender, processes, failed, last } = one;
  const age =
    oldest === undefined
      ? ''
      : `, the oldest for ${Math.max(0, Math.round((now.getTime() - oldest.getTime()) / 60_000))} min`;
  const sender = hasSender
    ? `sent by one of ${processes} running Node-RED${processes === 1 ? '' : 's'}`
    : `no Node-RED is sending now (${processes} running)`;
  const lines = [
    `${connection}: ${pending} pending${age}; ${onHold} on hold; ${failed} not accepted`,
    `  ${sender}`,
    ...(last === '' ? [] : [`  last answer: ${last}`]),
  ];
  return lines.join('\n');
}

/** The database that the environment variables name. @throws PkbConfigError `PKB_SETTING` if they name none */
function database(password: string): Parameters<typeof databaseToLeave>[0] {
  const { PKB_OUTBOX_URL: connectionString = '', PKB_OUTBOX_SCHEMA: schema } = process.env;
  if (connectionString === '') {
    throw new PkbConfigError(
      'PKB_SETTING',
      'Set PKB_OUTBOX_URL to the connection string of the outbox, such as postgresql://user:password@host/database.',
    );
  }
  return { connectionString, schema, password };
}

async function status(): Promise<void> {
  const { connectionString, schema } = database('');
  const all = await overviewOf(connectionString, schema);
  console.log(
    all.length === 0
      ? 'No connection has used this outbox yet.'
      : all.map((one) => describe(one, new Date())).join('\n'),
  );
}

/** What a move is between; the target only where it is given. */
interface Ends {
  readonly from: string;
  readonly to: string | undefined;
}

/** Opens both ends, works with them, and closes them. */
async function between(
  { from, to }: Ends,
  work: (source: MoveSource, target: MoveTarget | undefined) => Promise<void>,
): Promise<void> {
  const { PKB_OUTBOX_KEY: key = '', PKB_OUTBOX_NEW_KEY: newKey = key } = process.env;
  let target: MoveTarget | undefined;
  if (to !== undefined)
    target = to === POSTGRES ? databaseToFill(database(newKey)) : fileToFill(resolve(to), newKey);
  let source: MoveSource | undefined;
  try {
    source = from === POSTGRES ? await databaseToLeave(database(key)) : await fileToLeave(resolve(from), key);
    await work(source, target);
  } finally {
    await source?.close();
    await target?.close();
  }
}

function moveOutbox(from: string, to: string): Promise<void> {
  return between({ from, to }, async (source, target) => {
    if (target === undefined) return;
    const count = await move(source, target);
    console.log(
      `Moved ${count} messages. Now choose the new outbox in pkb outbox and deploy. The old outbox is unchanged, and Node-RED no longer opens it. It holds patient data: delete it when the new one works.`,
    );
  });
}

function cancel(ends: Ends): Promise<void> {
  return between(ends, async (source, target) => {
    await cancelMove(source, target);
    console.log('Node-RED can use this outbox again.');
  });
}

/** A command about messages or letters, where it is one. */
function aboutMessages(given: readonly string[]): (() => Promise<void>) | undefined {
  const command = lettersCommand(given) ?? messagesCommand(given);
  if (command === undefined) return undefined;
  return async () => {
    const text = await command(new NodeRed(process.env));
    process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  };
}

/** A command about runs, where it is one; it gives back its exit code. */
function aboutRuns(given: readonly string[]): (() => Promise<number>) | undefined {
  const command = runsCommand(given);
  return command && (() => command(new NodeRed(process.env), (text) => process.stdout.write(text)));
}

/** The action that the arguments ask for; undefined if there is no such action. */
function asked(given: readonly string[]): (() => Promise<void>) | undefined {
  try {
    const flag = { type: 'boolean', default: false } as const;
    const { positionals, values } = parseArgs({
      args: [...given],
      allowPositionals: true,
      options: { from: { type: 'string' }, to: { type: 'string' }, cancel: flag, force: flag },
    });
    const { from, to, cancel: cancels, force } = values;
    const [command, ...others] = positionals;
    if (others.length > 0) return undefined;
    if (command === 'status') return given.length === 1 ? status : undefined;
    if (command !== 'move' || !from) return undefined;
    if (cancels && force) return to === undefined ? () => cancel({ from, to }) : undefined;
    if (!to || force || (from === POSTGRES) === (to === POSTGRES)) return undefined;
    return () => (cancels ? cancel({ from, to }) : moveOutbox(from, to));
  } catch {
    return undefined;
  }
}

async function main(given: readonly string[]): Promise<number> {
  if (given.length === 1 && given[0] === '--help') {
    console.log(USAGE);
    return 0;
  }
  const run: (() => Promise<number | void>) | undefined =
    aboutRuns(given) ?? aboutMessages(given) ?? asked(given);
  if (run === undefined) {
    console.error(USAGE);
    return 2;
  }
  try {
    return (await run()) ?? 0;
  } catch (error) {
    console.error(asPkbError(error).message);
    return error instanceof PkbConfigError ? 2 : 1;
  }
}

if (require.main === module) void main(process.argv.slice(2)).then((code) => (process.exitCode = code));
