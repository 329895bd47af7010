/**
 * Files a message in a patient's record: matching, demographics, and soft matching (PKB page "Soft Matching", 4213014614).
 */
import { momentOf, readTimestamp } from '../hl7/timestamp.js';
import type { MessageType } from '../pkb/catalogue.js';
import { checkNewPatient } from './checks.js';
import type { Documents } from './fhir/documents.js';
import { type Effect, type Filed, fileDataPoint, type FilingPlace, replaceLists } from './filing.js';
import { type PatientIdentity, isLocalIdentifier } from './identifiers.js';
import { type Limits, ownShort } from './limits.js';
import { own } from '../hl7/own.js';
import type { ReadPath, ReceivedMessage } from './message.js';
import type { PatientRecord, Patients, Person } from './patients.js';
import { reject } from './rejection.js';

/** Options of {@link Records}. */
export interface RecordOptions {
  readonly limits: Limits;
  readonly autoCreate: boolean;
  readonly now: () => Date;
  /** The documents whose read state can be asked for. */
  readonly documents: Documents;
}

/** Files messages. */
export class Records {
  readonly #patients: Patients;
  readonly #options: RecordOptions;

  constructor(patients: Patients, options: RecordOptions) {
    this.#patients = patients;
    this.#options = options;
  }

  /**
   * Files a message that has passed the checks, or holds it.
   *
   * @throws Rejection
   */
  file(message: ReceivedMessage, type: MessageType, identity: PatientIdentity): Filed {
    const [known, ...others] = this.#patients.find(identity.identifiers);
    if (others.length > 0) reject('Ambiguous patient IDs provided');
    if (known === undefined) checkNewPatient(message, type.family, identity, this.#options.autoCreate);
    const review = type.family === 'demographics' ? reviewOf(identity) : undefined;
    if (review !== undefined) return { held: true, effects: [{ text: review }] };
    const record = known ?? this.#patients.create(identity.identifiers, personOf(message));
    const effects: Effect[] = known ? [] : [{ text: 'A record was created.' }];
    const place = this.#placeOf(message, record);
    if (type.family === 'demographics') {
      effects.push(...this.#applyDemographics(message, place, identity));
      return { held: false, effects };
    }
    const birthDate = birthDateOf(message);
    const matches = birthDate !== '' && birthDate === record.birthDate;
    const filed = fileDataPoint(message, type, place, matches);
    return { held: filed.held, effects: [...effects, ...filed.effects] };
  }

  #placeOf(message: ReceivedMessage, record: PatientRecord): FilingPlace {
    const customer = own(message.raw('MSH-4') ?? '');
    const { limits, documents } = this.#options;
    return { patients: this.#patients, documents, record, customer, limits };
  }

  #applyDemographics(
    message: ReceivedMessage,
    place: FilingPlace,
    { identifiers }: PatientIdentity,
  ): Effect[] {
    const { record } = place;
    const sent = readTimestamp(message.raw('MSH-7.1') ?? '');
    const time = sent === undefined ? 0 : momentOf(sent).getTime();
    if (time < record.entered)
      return [{ text: 'Demographics not applied: MSH-7 is older than what the record holds.' }];
    record.entered = time;
    record.changed = this.#options.now().getTime();
    // A blank value changes nothing (PKB page 3364849216).
    for (const [field, value] of Object.entries(personOf(message)) as [keyof Person, string][])
      if (value !== '') record[field] = value;
    const died = message.text('PID-30');
    if (died !== '') record.deceased = died === 'Y';
    this.#patients.identify(record, identifiers);
    return [{ text: 'Demographics applied.' }, ...replaceLists(message, place)];
  }
}

/** The reason why demographics wait for the Customer's Org Admin, with AA (PKB pages 3829203015 and 3925868554). */
function reviewOf({ identifiers, nhsStatus }: PatientIdentity): string | undefined {
  if (nhsStatus === '02' || nhsStatus === '03')
    return `Held for review: the NHS number is not verified (status ${nhsStatus}), so the demographics are not applied.`;
  return identifiers.every(isLocalIdentifier)
    ? "Held for review: the only identifier is an organisation's own, so the demographics are not applied."
    : undefined;
}

function personOf(message: ReceivedMessage): Person {
  const short = (path: ReadPath): string => ownShort(message.raw(path) ?? '');
  return {
    birthDate: birthDateOf(message),
    family: short('PID-5.1'),
    given: short('PID-5.2'),
    postcode: short('PID-11.5'),
  };
}

/** PID-7 as `yyyyMMdd`. A missing month or day is the first (PKB page 3365013095). Time and zone are ignored. */
function birthDateOf(message: ReceivedMessage): string {
  const stamp = readTimestamp(message.raw('PID-7') ?? '');
  if (stamp === undefined) return '';
  const [month, day] = [stamp.month, stamp.day].map((part) => String(part).padStart(2, '0'));
  return `${String(stamp.year).padStart(4, '0')}${month}${day}`;
}
