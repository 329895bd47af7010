/** What reads one value: a field, a setting, an argument. */
import { carriedJson } from '../../../../nodes/common/carried-json.js';
import type { Message } from '../../../../nodes/common/types.js';
import { judgeAnswer } from '../../../../src/delivery/classify.js';
import { writeAck } from '../../../../src/hl7/ack.js';
import { delimitersOf } from '../../../../src/hl7/delimiters.js';
import { insertSegment, set, setRaw } from '../../../../src/hl7/edit.js';
import { escape, unescape } from '../../../../src/hl7/escape.js';
import { messageTypeOf } from '../../../../src/hl7/header.js';
import { parsePath } from '../../../../src/hl7/path.js';
import { parseTimestamp, readTimestamp } from '../../../../src/hl7/timestamp.js';
import { aliasFault, readSendingFacility, sendingFacility } from '../../../../src/pkb/alias.js';
import { readTime } from '../../../../src/pkb/compose/times.js';
import { deriveId } from '../../../../src/pkb/data-point.js';
import { deadlineOf } from '../../../../src/letters/deadline.js';
import { checkUrl } from '../../../../src/pkb/environments.js';
import { isNhsNumber } from '../../../../src/pkb/nhs-number.js';
import { decodeResponse } from '../../../../src/pkb/soap/response.js';
import { stamp } from '../../../../src/pkb/stamp.js';
import { readFaultPlan } from '../../../../src/simulator/faults.js';
import { Simulator } from '../../../../src/simulator/simulator.js';
import { msh } from '../shapes/messages.js';
import type { Readers } from './reader.js';

const CUSTOMER = { alias: 'trust' };
const MESSAGE = `${msh('ADT^A28')}PID|||9990000018^^^NHS^NH||Example^Alex\r`;
const RESULT = `${msh('ORU^R01')}ORC|RE|\rOBR|1|\r`;
const OTHER_DELIMITERS = delimitersOf('MSH!@#$%!');
const NOTHING = Buffer.alloc(0);

/** Readers by name. */
export const VALUE_READERS: Readers = {
  escape: (text) => escape(text),
  'escape, other delimiters': (text) => escape(text, OTHER_DELIMITERS),
  unescape: (text) => unescape(text),
  'unescape, other delimiters': (text) => unescape(text, { ...OTHER_DELIMITERS, escape: 'A' }),
  parsePath: (text) => parsePath(text),
  readTimestamp: (text) => readTimestamp(text),
  parseTimestamp: (text) => parseTimestamp(text, 'PID-7'),
  readTime: (text) => readTime(text),
  isNhsNumber: (text) => isNhsNumber(text),
  readSendingFacility: (text) => readSendingFacility(text),
  sendingFacility: (text) => sendingFacility({ alias: text, controllerAlias: `a${text}` }),
  aliasFault: (text) => aliasFault(text),
  messageTypeOf: (text) => messageTypeOf(text),
  checkUrl: (text) => checkUrl(text),
  'deriveId, its key': (text) => deriveId('partner', CUSTOMER, 'document', text),
  'deriveId, its Partner': (text) => deriveId(text, CUSTOMER, 'document', '1'),
  'set to a text': (text) => set(MESSAGE, 'PID-5.1', text),
  'setRaw to a text': (text) => setRaw(MESSAGE, 'PID-5.1', text),
  'insertSegment of a text': (text) => insertSegment(MESSAGE, text, { before: 'PID' }),
  'insertSegment beside a text': (text) => insertSegment(MESSAGE, 'NTE|1', { after: text }),
  'stamp for a text as the Customer': (alias) => stamp(MESSAGE, { customer: { alias } }),
  'stamp with a text as its sending application': (sendingApplication) =>
    stamp(MESSAGE, { customer: CUSTOMER, sendingApplication }),
  'stamp with a text as the data point ID': (own) =>
    stamp(RESULT, { customer: CUSTOMER, dataPointId: { own } }),
  'writeAck of a text': (text) =>
    writeAck({ code: 'AR', answers: 'A1', text, application: '', facility: '', time: '' }),
  'decodeResponse, a text as the control ID': (text) =>
    decodeResponse('MSH|^~\\&|||||||ACK|\rMSA|AA|A1', text),
  'judgeAnswer, a text as Retry-After': (text) =>
    judgeAnswer({ status: 503, headers: { 'retry-after': text }, body: NOTHING }, 'A1', new Date(0)),
  readFaultPlan: (text) => new Simulator({ faults: readFaultPlan(text) }),
  'Simulator, credentials': (text) => new Simulator({}).handle({ authorization: `Basic ${text}`, body: '' }),
  'deadlineOf letters': (text) => deadlineOf(text, 0),
  'carriedJson, a text as a name': (text) => carriedJson({ [text]: 1 } as unknown as Message),
};
