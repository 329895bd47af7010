/** Rules about MSH: the Customer, and the fields that PKB requires (PKB pages 3365012161 and 3365012972). */
import { readSendingFacility } from '../../alias.js';
import { messageTypeRow } from '../../catalogue.js';
import { readTimestamp } from '../../../hl7/timestamp.js';
import { CLOCK_FIELDS, isBareClockTime } from '../../clock-times.js';
import type { Rule } from '../rule.js';
import { codeOf } from '../scan.js';
import { RADIOLOGY } from '../../code-sets.js';

const MSH = 0;

const CLOCKS = CLOCK_FIELDS.map(([segment, field, component]) => ({
  code: codeOf(segment),
  field,
  component,
}));

/** The rules, in the order in which they are shown. */
export const HEADER: readonly Rule[] = [
  {
    id: 'behalf.form',
    area: 'behalf',
    title: 'MSH-4 is not alias{alias}',
    severity: 'error',
    defaultAction: 'block',
    appliesTo: 'all',
    text: 'MSH-4 must be connecting-alias{data-controller-alias}; let pkb-build stamp the message.',
    why: 'From a Partner, PKB learns only by MSH-4 on whose behalf a message is.',
    source: '3365012161',
    mark: 'D',
    check: (message, report) => {
      if (readSendingFacility(message.msh(4)) === undefined) report(MSH, '-4');
    },
  },
  {
    id: 'behalf.customer',
    area: 'behalf',
    title: 'MSH-4 names a Customer that is not configured',
    severity: 'error',
    defaultAction: 'block',
    appliesTo: 'all, where Customers are configured',
    text: 'MSH-4 names none of the Customers configured in this Node-RED; choose the right one in pkb-build.',
    why: 'A message on behalf of the wrong Customer writes into another organisation’s data.',
    source: '3365012161',
    mark: 'D',
    check: (message, report, { facilities }) => {
      const facility = message.msh(4);
      if (!facilities?.length || readSendingFacility(facility) === undefined) return;
      if (!facilities.includes(facility)) report(MSH, '-4');
    },
  },
  {
    id: 'header.required',
    area: 'header',
    title: 'Time, control ID or processing ID is missing',
    severity: 'error',
    defaultAction: 'block',
    appliesTo: 'all',
    text: 'MSH-7 (time), MSH-10 (control ID) and MSH-11 (processing ID) must be filled; let pkb-build stamp the message.',
    why: 'PKB rejects a message without them.',
    source: '3365012972, 3850600457',
    mark: 'D',
    check: (message, report) => {
      for (const n of [7, 10, 11]) if (message.msh(n) === '') report(MSH, `-${n}`);
    },
  },
  {
    id: 'header.processing-id',
    area: 'header',
    title: 'MSH-11 is not P',
    severity: 'warning',
    defaultAction: 'flag',
    appliesTo: 'all',
    text: 'MSH-11 must be P on PKB production.',
    why: 'PKB production takes nothing else.',
    source: '3365012972',
    mark: 'D',
    check: (message, report) => {
      const id = message.msh(11);
      if (id !== '' && id !== 'P') report(MSH, '-11');
    },
  },
  {
    id: 'header.encoding-characters',
    area: 'header',
    title: 'MSH-2 has a fifth character',
    severity: 'note',
    defaultAction: 'flag',
    appliesTo: 'all',
    text: 'MSH-2 is not ^~\\& alone; PKB honours only these four.',
    why: 'HL7 2.7 adds a truncation character, which PKB’s documentation does not know.',
    source: '3365012972',
    mark: 'D',
    check: (message, report) => {
      if (message.header.separators[1] !== 8) report(MSH, '-2');
    },
  },
  {
    id: 'header.message-type',
    area: 'header',
    title: 'Message type that PKB does not take',
    severity: 'error',
    defaultAction: 'block',
    appliesTo: 'all',
    text: 'PKB does not take this message type and would answer "Unknown messageType received from HL7"; see docs/message-types.md.',
    why: 'Unexpected message types are rejected.',
    source: '4356472833, 3850600457',
    mark: 'D',
    check: (message, report) => {
      if (messageTypeRow(message.messageType) === undefined) report(MSH, '-9');
    },
  },
  {
    id: 'header.clock-times',
    area: 'header',
    title: 'Clock time without an offset under an MSH-7 with one',
    severity: 'warning',
    defaultAction: 'flag',
    appliesTo: 'all',
    text: 'Write an offset here, such as +0100, or remove the offset from MSH-7: this time has no offset, so the offset of MSH-7 may be applied to it, which is an hour wrong in summer.',
    why: 'HL7 makes the offset of MSH-7 the default for every clock time of the message; PKB discourages one in MSH-7 for this reason. The whole order of PKB’s fall-backs is not documented.',
    source: '3365012972; HL7 2.4, chapter 2, MSH-7',
    mark: 'I',
    check: (message, report) => {
      if (readTimestamp(message.msh(7))?.offset === undefined) return;
      for (const { code, field, component } of CLOCKS) {
        for (let i = message.first(code); i >= 0; i = message.codes.indexOf(code, i + 1)) {
          if (!isBareClockTime(message.component(i, field, component))) continue;
          report(i, component === 1 ? `-${field}` : `-${field}.${component}`);
        }
      }
    },
  },
  {
    id: 'header.sending-application',
    area: 'header',
    title: 'MSH-3 was RADIOLOGY',
    severity: 'warning',
    defaultAction: 'flag',
    appliesTo: 'ORU^R01, where pkb-build has set MSH-3',
    text: 'pkb-build has replaced RADIOLOGY in MSH-3: PKB will show this report under laboratory results. Leave Sender blank for radiology.',
    why: 'MSH-3 RADIOLOGY decides whether an ORU shows under Imaging.',
    source: '4175724546',
    mark: 'D',
    check: (message, report, { sendingApplicationBefore }) => {
      if (
        message.messageType === 'ORU^R01' &&
        sendingApplicationBefore === RADIOLOGY &&
        message.msh(3) !== RADIOLOGY
      )
        report(MSH, '-3');
    },
  },
  {
    id: 'header.control-id-reused',
    area: 'header',
    title: 'Control ID was used before',
    severity: 'warning',
    defaultAction: 'flag',
    appliesTo: 'all, within the last 10,000 messages of a pkb-guard node',
    text: 'MSH-10 was used by an earlier message; give every message its own control ID.',
    why: 'PKB does not notice duplicates, and two messages with one ID cannot be told apart in anybody’s log.',
    source: '3365012972',
    mark: 'D',
    check: (message, report, { controlIdSeen }) => {
      const id = message.msh(10);
      if (id !== '' && controlIdSeen?.(id)) report(MSH, '-10');
    },
  },
];
