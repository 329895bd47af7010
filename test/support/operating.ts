/** A Node-RED as operators use it: its flow gives every message a reference of its own. */
import { readFileSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Role } from './admin.js';
import type { NodeRed } from './node-red.js';
import { type FlowNode, sendingUserDir, tellingErrors } from './sending.js';

const COMMAND = join(__dirname, '../../dist/src/cli/pkb-outbox.js');

/**
 * Makes a user directory with the flow of `sendingUserDir`, in which each message has the reference `letter of <control ID>`, or the one
 * that the address it was posted to names (`?reference=`).
 *
 * @param url where the messages go
 * @param outbox settings of the outbox
 */
export function operatedUserDir(url: string, outbox: object = {}): string {
  const folder = sendingUserDir(url, tellingErrors());
  const flows = join(folder, 'flows.json');
  const nodes = JSON.parse(readFileSync(flows, 'utf8')) as FlowNode[];
  const func =
    "msg.reference = msg.req.query.reference || `letter of ${msg.payload.split('|')[9]}`; return msg;";
  const refer = { id: 'refer', type: 'function', func, outputs: 1, z: 'tab', x: 1, y: 1, wires: [['send']] };
  const more = nodes.map((node) => {
    if (node.id === 'in') return { ...node, wires: [['refer']] };
    return node.id === 'outbox' ? { ...node, ...outbox } : node;
  });
  writeFileSync(flows, JSON.stringify([...more, refer]));
  return folder;
}

/** What a command has said. */
export interface Said {
  readonly status: number | null;
  readonly said: string;
}

/** Runs `pkb-outbox` as one of the users. @param typed what is typed into it */
export async function runOutboxCommand(
  red: NodeRed,
  role: Role,
  args: readonly string[],
  typed = '',
): Promise<Said> {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    cwd: red.userDir,
    env: {
      ...process.env,
      PKB_NODE_RED_URL: red.url,
      PKB_NODE_RED_USER: role,
      PKB_NODE_RED_PASSWORD: `${role}-password`,
    },
  });
  // A command that ends without reading is no fault of the test.
  child.stdin.on('error', () => undefined);
  child.stdin.end(typed);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [out, faults, status] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { status, said: out + faults };
}
