#!/usr/bin/env node
/**
 * `pkb-outbox status`: what waits in an outbox in PostgreSQL, since when and why, without an editor. The connection string is
 * taken from PKB_OUTBOX_URL, so that its password is in no list of processes.
 */
import { type Overview, overviewOf } from '../delivery/outbox/postgres/overview.js';
import { asPkbError } from '../errors.js';

const USAGE = `usage: pkb-outbox status

PKB_OUTBOX_URL   connection string, such as postgresql://user:password@host/database
PKB_OUTBOX_SCHEMA   schema, where it is not pkb_outbox`;

/** A connection in words. @param now the current time */
export function describe(one: Overview, now: Date): string {
  const { connection, pending, onHold, oldest, hasSender, processes, failed, last } = one;
  const age =
    oldest === undefined
      ? ''
      : `, the oldest for ${Math.max(0, Math.round((now.getTime() - oldest.getTime()) / 60_000))} min`;
  const sender = hasSender
    ? `sent by one of ${processes} running Node-RED${processes === 1 ? '' : 's'}`
    : `nobody sends now (${processes} running)`;
  const lines = [
    `${connection}: ${pending} pending${age}; ${onHold} on hold; ${failed} not accepted`,
    `  ${sender}`,
    ...(last === '' ? [] : [`  last answer: ${last}`]),
  ];
  return lines.join('\n');
}

async function main([command]: readonly string[]): Promise<number> {
  const { PKB_OUTBOX_URL: url = '', PKB_OUTBOX_SCHEMA: schema } = process.env;
  if (command !== 'status' || url === '') {
    console.error(USAGE);
    return 2;
  }
  try {
    const all = await overviewOf(url, schema);
    console.log(
      all.length === 0
        ? 'No connection has used this outbox yet.'
        : all.map((one) => describe(one, new Date())).join('\n'),
    );
    return 0;
  } catch (error) {
    console.error(asPkbError(error).message);
    return 1;
  }
}

if (require.main === module) void main(process.argv.slice(2)).then((code) => (process.exitCode = code));
