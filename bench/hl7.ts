/**
 * Stamping a message, side by side with the floor and with HL7 libraries: MSH-4, MSH-7 and MSH-10 set, PID-3.1 read, text
 * out as bytes.
 */
import { createRequire } from 'node:module';
import { Hl7Message } from '@medplum/core';
import { Message } from 'node-hl7-client';
import { read, stamp } from '../dist/src/index.js';
import { type Contender, figure, machine, measure, ratio, table } from './harness.js';

const require_ = createRequire(__filename);
/* oxlint-disable typescript/no-explicit-any -- three libraries without types */
const hl7parser = require_('hl7parser') as any;
const { Parser } = require_('simple-hl7') as any;
const HL7Standard = require_('hl7-standard') as any;
/* oxlint-enable typescript/no-explicit-any */

const FACILITY = 'trustalias{trustalias}';
const TIME = '20260101120000+0000';
const ID = 'f691896e-977f-4f06-91ee-625155ca71f8';
const OPTIONS = {
  customer: { alias: 'trustalias' },
  newId: () => ID,
  now: () => new Date(Date.UTC(2026, 0, 1, 12)),
};

const HEADER = 'MSH|^~\\&|MAILCO|x|HL7API|PKB|||ADT^A28|y|P|2.4\r';
const PID =
  'PID|||9990000018^^^NHS^NH||Example^Alex^Sam^^Mx||19700101|U|||1 Sample Street^^London^^N1 1AA^GBR||01632960000^PRN~07700900000^PRS|^NET^^alex@example.org|en\r';
const SMALL = `${HEADER}${PID}PD1|||Sample Practice^^A12345\r`;
const MIDDLE = `${HEADER}${PID}${'NK1|1|Example^Chris^^^Mx|MTH|1 Sample Street^^London^^N1 1AA^GBR|01632960001^PRN\r'.repeat(94)}`;
const LARGE = `${HEADER.replace('ADT^A28', 'MDM^T02')}${PID}TXA|1|CL||20260101||||||||D1|||||AU\rOBX|1|ED|||^TEXT^PDF^Base64^${'JVBERi0x'.repeat(655_360)}\r`;

/** What anyone would write who knew the positions beforehand: nothing can be checked for less. */
function floor(text: string): [Buffer, string] {
  const fields = [3];
  for (let i = 1; i < 10; i++) fields.push(text.indexOf('|', (fields[i - 1] ?? 0) + 1));
  const at = (n: number): number => fields[n - 2] ?? 0;
  const out =
    text.slice(0, at(4) + 1) +
    FACILITY +
    text.slice(at(5), at(7) + 1) +
    TIME +
    text.slice(at(8), at(10) + 1) +
    ID +
    text.slice(at(11));
  let pid = text.indexOf('\rPID|') + 4;
  for (let i = 0; i < 2; i++) pid = text.indexOf('|', pid + 1);
  return [Buffer.from(out), text.slice(pid + 1, text.indexOf('^', pid))];
}

/** The same on bytes. */
function floorOnBytes(bytes: Buffer): [Buffer, string] {
  const head = bytes.toString('latin1', 0, 512);
  const [, identifier] = floor(head);
  const fields = [3];
  for (let i = 1; i < 10; i++) fields.push(head.indexOf('|', (fields[i - 1] ?? 0) + 1));
  const at = (n: number): number => fields[n - 2] ?? 0;
  const start =
    head.slice(0, at(4) + 1) +
    FACILITY +
    head.slice(at(5), at(7) + 1) +
    TIME +
    head.slice(at(8), at(10) + 1) +
    ID;
  return [Buffer.concat([Buffer.from(start, 'latin1'), bytes.subarray(at(11))]), identifier];
}

function contenders(text: string): Contender[] {
  const bytes = Buffer.from(text);
  return [
    { name: 'floor: splice by hand', run: () => floor(text) },
    { name: '**this package**', run: () => [Buffer.from(stamp(text, OPTIONS).hl7), read(text, 'PID-3.1')] },
    { name: 'floor on bytes', run: () => floorOnBytes(bytes) },
    { name: '**this package on bytes**', run: () => [stamp(bytes, OPTIONS).hl7, read(bytes, 'PID-3.1')] },
    {
      name: '@medplum/core',
      run: () => {
        const message = Hl7Message.parse(text);
        const msh = message.getSegment('MSH');
        msh?.setField(4, FACILITY);
        msh?.setField(7, TIME);
        msh?.setField(10, ID);
        return [Buffer.from(message.toString()), message.getSegment('PID')?.getComponent(3, 1)];
      },
    },
    {
      name: 'hl7parser',
      run: () => {
        // It refuses a final line end.
        const message = hl7parser.create(text.slice(0, -1));
        message.set('MSH.4', FACILITY).set('MSH.7', TIME).set('MSH.10', ID);
        return [Buffer.from(message.toString()), message.get('PID.3.1').toString()];
      },
    },
    {
      name: 'node-hl7-client',
      run: () => {
        const message = new Message({ text });
        message.set('MSH.4', FACILITY);
        message.set('MSH.7', TIME);
        message.set('MSH.10', ID);
        return [Buffer.from(message.toString()), message.get('PID.3.1').toString()];
      },
    },
    {
      name: 'simple-hl7',
      run: () => {
        const message = new Parser().parse(text);
        // It counts the fields of MSH from the one behind the encoding characters.
        message.header.setField(2, FACILITY);
        message.header.setField(5, TIME);
        message.header.setField(8, ID);
        return [Buffer.from(message.toString()), message.getSegment('PID').getComponent(3, 1)];
      },
    },
    {
      name: 'hl7-standard',
      run: () => {
        const message = new HL7Standard(text, { lineEndings: '\r' });
        message.transform();
        message.set('MSH.4', FACILITY);
        message.set('MSH.7', TIME);
        message.set('MSH.10', ID);
        return [Buffer.from(message.build()), message.get('PID.3.1')];
      },
    },
  ];
}

console.log(`Stamp: ${machine()}\n`);
const sizes = [SMALL, MIDDLE, LARGE].map((text) => ({ text, measured: measure(contenders(text)) }));
const kilobytes = (text: string): string => `${(Buffer.byteLength(text) / 1000).toFixed(1)} kB`;
const names = sizes[0]?.measured.map(({ name }) => name) ?? [];
console.log(
  table(
    ['µs per message (ratio to the floor)', ...sizes.map(({ text }) => kilobytes(text))],
    names.map((name, i) => [
      name,
      ...sizes.map(({ measured }) => {
        const floorOf = measured[name.includes('on bytes') ? 2 : 0];
        return `${figure(measured[i]?.microseconds ?? 0)} (${ratio(measured[i], floorOf).toFixed(2)})`;
      }),
    ]),
  ),
);
const fastest = sizes.map(({ measured }) =>
  Math.min(...measured.slice(4).map((library) => ratio(library, measured[1]))).toFixed(2),
);
console.log(
  `\nThe fastest library takes ${fastest.join(', ')} times as long as this package (text in, bytes out).`,
);

const big = Buffer.concat([Buffer.from(LARGE.slice(0, 600)), Buffer.alloc(50 * 2 ** 20, 'A')]);
const [copy, whole] = measure([
  { name: 'copy', run: () => Buffer.from(big) },
  { name: 'stamp', run: () => stamp(big, OPTIONS).hl7 },
]);
console.log(
  `A message of 50 MiB on bytes: ${figure(whole?.microseconds ?? 0)} µs, ${ratio(whole, copy).toFixed(2)} × allocating and copying it.`,
);
