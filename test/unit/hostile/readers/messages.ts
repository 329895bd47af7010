/** What reads a message: in the library, in the nodes and in the simulator. */
import { createSecretKey } from 'node:crypto';
import { carriedJson } from '../../../../nodes/common/carried-json.js';
import { GuardMemory } from '../../../../nodes/pkb-guard/memory.js';
import type { Message } from '../../../../nodes/common/types.js';
import { type OrderBy, orderKey } from '../../../../src/delivery/order-key.js';
import { insertSegment, removeSegment, set, setRaw } from '../../../../src/hl7/edit.js';
import { delayOf } from '../../../../src/letters/deadline.js';
import { runItem } from '../../../../src/delivery/run-item.js';
import { endSegmentsByCr, readMessage, readMessages } from '../../../../src/hl7/input.js';
import { parsedView } from '../../../../src/hl7/parsed.js';
import { read, readRaw } from '../../../../src/hl7/read.js';
import { dataPointOf, setDataPointId } from '../../../../src/pkb/data-point.js';
import { inspect, type RuleActions } from '../../../../src/pkb/guard/inspect.js';
import { RULES } from '../../../../src/pkb/guard/rules/index.js';
import { SendableMessage } from '../../../../src/pkb/sendable-message.js';
import { encodeRequest, requestBody } from '../../../../src/pkb/soap/request.js';
import { stamp } from '../../../../src/pkb/stamp.js';
import { Simulator, summaryOf } from '../../../../src/simulator/simulator.js';
import { made, ofBytes, type Reader, type Readers } from './reader.js';

const CUSTOMER = { alias: 'trust' };
const SECRET = createSecretKey(Buffer.alloc(32));
/** Nothing blocks, so that what is to be stripped is stripped. */
const STRIPPING: RuleActions = Object.fromEntries(
  RULES.map(({ id, strips }) => [id, strips ? 'strip' : 'flag']),
);
const PATHS = ['PID-5.1', 'PID-3[300].4.2', 'NTE[2000]-3', 'ZZZ-1'];

function orderedBy(by: OrderBy): Reader {
  return (text) => orderKey(new SendableMessage(text), by, SECRET);
}

/** All that a message says about itself. */
function facts(text: string): unknown {
  const { messageType, controlId, facility, dataPoint, identifiers, harmOfResending } = new SendableMessage(
    text,
  );
  return [messageType, controlId, facility, dataPoint, identifiers, harmOfResending];
}

/** Puts a message into an envelope that carries whatever XML can. */
function enveloped(text: string): string {
  const safe = text.replaceAll(']]>', ']]&gt;').replaceAll(/[^\t\n\r -\ud7ff\ue000-\ufffd]/g, '?');
  return `<a><acceptMessage><arg0><![CDATA[${safe}]]></arg0></acceptMessage></a>`;
}

function simulated(body: string): unknown {
  const { received } = new Simulator({}).handle({ authorization: 'Basic dTpw', body });
  return received && summaryOf(received);
}

/** Readers by name. */
export const MESSAGE_READERS: Readers = {
  inspect: (text) => inspect(text),
  'inspect, stripping what can be': (text) => inspect(text, STRIPPING),
  stamp: (text) => stamp(text, { customer: CUSTOMER }),
  'stamp, keeping the control ID': (text) => stamp(text, { customer: CUSTOMER, controlId: 'keep' }),
  'stamp, new data point ID': (text) => stamp(text, { customer: CUSTOMER, dataPointId: 'new' }),
  'stamp of a Buffer': ofBytes((bytes) => stamp(bytes, { customer: CUSTOMER })),
  'stamp of a Buffer, new data point ID': ofBytes((bytes) =>
    stamp(bytes, { customer: CUSTOMER, dataPointId: 'new' }),
  ),
  'facts of a message': facts,
  readMessage: (text) => readMessage(text),
  'readMessage of a Buffer': ofBytes(readMessage),
  readMessages: (text) => readMessages(text),
  'readMessages of a Buffer': ofBytes(readMessages),
  endSegmentsByCr: (text) => endSegmentsByCr(text),
  ...Object.fromEntries(PATHS.map((path) => [`read ${path}`, (text: string) => read(text, path)])),
  ...Object.fromEntries(
    PATHS.map((path) => [`read ${path} of a Buffer`, ofBytes((bytes) => read(bytes, path))]),
  ),
  'readRaw PID-3': (text) => readRaw(text, 'PID-3'),
  'set PID-5.1': (text) => set(text, 'PID-5.1', 'x'),
  'setRaw NTE[2000]-3': (text) => setRaw(text, 'NTE[2000]-3', 'x'),
  insertSegment: (text) => insertSegment(text, 'NTE|1', { after: 'PID' }),
  removeSegment: (text) => removeSegment(text, 'NTE[2000]'),
  encodeRequest: (text) => encodeRequest(text),
  'encodeRequest of a Buffer': ofBytes(encodeRequest),
  requestBody: (text) => [...requestBody(text).pieces()].length,
  parsedView: (text) => parsedView(text),
  'orderKey by patient': orderedBy('patient'),
  'orderKey by data point': orderedBy('datapoint'),
  'dataPointOf a result': (text) => dataPointOf(text, 'ORU^R01'),
  'dataPointOf a document': (text) => dataPointOf(text, 'MDM^T02'),
  'setDataPointId of a result': (text) => setDataPointId(text, 'ORU^R01', 'D1'),
  'setDataPointId of a document': (text) => setDataPointId(text, 'MDM^T02', 'D1'),
  'delayOf a letter': (text) => delayOf(text),
  'runItem of a letter': (text) =>
    runItem('r', new SendableMessage(text), { reference: 'L1', position: undefined }, SECRET),
  'Simulator, a message': made(enveloped, simulated),
  'GuardMemory.remember': (text) => new GuardMemory().remember(text, false),
  carriedJson: (text) => carriedJson({ topic: text } as unknown as Message),
};
