/** A Node-RED that sends letters to its own simulator and watches them until they are read or posted. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FlowNode, sendingUserDir } from './sending.js';

/** Organisation of the Customer with alias `trustalias`. That with `otheralias` has none entered. */
const TRUST = '00000000-0000-4000-8000-0000000000aa';

/** The simulator calls every second letter read at once. */
const READ_EVERY = 2;

/**
 * Makes a user directory with: http in (`/letter?id=…&deadline=…&customer=…`) → pkb-build → pkb-send → pkb-letters (id `letters`).
 * A letter that is unread at its deadline is posted.
 *
 * @param more further nodes
 */
export function lettersUserDir(more: readonly FlowNode[] = []): string {
  const folder = sendingUserDir('http://127.0.0.1:9/', []);
  const flows = join(folder, 'flows.json');
  const place = { z: 'tab', x: 1, y: 1 };
  const func = `const { id, deadline, customer } = msg.req.query;
    const patient = { nhsNumber: '9990000018', name: { family: 'Example', given: 'Alex' }, birthDate: '1970-01-31', sex: 'F' };
    Object.assign(msg, { customer, reference: 'letter ' + id, deadline });
    msg.payload = { kind: 'document', id, type: 'CL', patient, text: 'Dear Alex' };
    return msg;`;
  const kept = (JSON.parse(readFileSync(flows, 'utf8')) as FlowNode[]).filter(({ id }) =>
    ['tab', 'outbox', 'connection'].includes(id),
  );
  const nodes = [
    ...kept.map((node) => (node.id === 'connection' ? { ...node, environment: 'simulator', url: '' } : node)),
    {
      id: 'simulator',
      type: 'pkb-simulator',
      path: '/pkb-simulator/services/hl7',
      aliases: [],
      autoCreate: true,
      readEvery: READ_EVERY,
      readAfterSeconds: 0,
      wires: [[]],
      ...place,
    },
    { id: 'trust', type: 'pkb-customer', name: 'Trust', alias: 'trustalias', organisationId: TRUST },
    { id: 'other-trust', type: 'pkb-customer', name: 'Other', alias: 'otheralias' },
    { id: 'api', type: 'pkb-api', environment: 'simulator' },
    { id: 'in', type: 'http in', url: '/letter', method: 'post', wires: [['name']], ...place },
    { id: 'name', type: 'function', func, outputs: 1, wires: [['build', 'taken']], ...place },
    { id: 'taken', type: 'http response', statusCode: '200', wires: [], ...place },
    { id: 'build', type: 'pkb-build', controlId: 'new', dataPointId: 'keep', wires: [['send']], ...place },
    {
      id: 'send',
      type: 'pkb-send',
      connection: 'connection',
      orderBy: 'patient',
      wires: [['letters'], ['letters']],
      ...place,
    },
    {
      id: 'letters',
      type: 'pkb-letters',
      name: 'Letters of the Trust',
      connection: 'connection',
      api: 'api',
      askMinutes: 0.01,
      graceMinutes: 0,
      wires: [[], [], []],
      ...place,
    },
    ...more,
  ];
  writeFileSync(flows, JSON.stringify(nodes));
  return folder;
}

/** Hands a letter to the flow. @param url of Node-RED */
export async function handLetter(
  url: string,
  id: string,
  deadline: string,
  customer = 'Trust',
): Promise<void> {
  const query = new URLSearchParams({ id, deadline, customer });
  const { status } = await fetch(`${url}/letter?${query}`, { method: 'POST' });
  assert.equal(status, 200);
}
