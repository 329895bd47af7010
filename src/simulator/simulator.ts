/**
 * A stand-in for PKB's HL7 endpoint, so that a flow runs before the Partner has an account. It knows what PKB documents:
 * authentication, aliases, required fields, message types, the words of its acknowledgements, soft matching and what
 * demographics overwrite. It is no PKB: what it accepts, PKB may still refuse.
 */
import { writeAck } from '../hl7/ack.js';
import { unescape } from '../hl7/escape.js';
import { fieldOf, messageTypeOf, readHeader } from '../hl7/header.js';
import { read, readRaw } from '../hl7/read.js';
import { formatUtc, momentOf, readTimestamp } from '../hl7/timestamp.js';
import { messageTypeRow } from '../pkb/catalogue.js';
import { checkMessage, checkNewPatient, identifiersOf, Rejection } from './checks.js';
import { type Effect, fileDataPoint, replaceLists } from './filing.js';
import { type FaultKind, type FaultPlan, FaultSource } from './faults.js';
import { type Holdings, holdingsOf, Patients, type PatientRecord } from './patients.js';
import { envelope, faultBody, messageIn, responseBody, XML } from './wire.js';

/** What a simulator is told. */
export interface SimulatorOptions {
  /** Name and password for HTTP Basic; where left out, any are let in. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Authorised `connecting{controller}` pairs; where left out or empty, all are. */
  readonly aliases?: readonly string[] | undefined;
  /** What is to go wrong. */
  readonly faults?: FaultPlan | undefined;
  readonly now?: (() => Date) | undefined;
}

/** A message the simulator was sent, and what came of it. */
export interface Received {
  readonly hl7: string;
  readonly controlId: string;
  readonly messageType: string;
  /** MSA-1 and MSA-3 of the answer. */
  readonly code: 'AA' | 'AR' | 'AE';
  readonly text: string;
  /** Whether PKB would hold it for the Customer's review (soft matching). */
  readonly held: boolean;
  readonly effects: readonly Effect[];
}

/**
 * What came of a message, in one text: the answer, and each effect with what stood before and stands now.
 */
export function summaryOf({ code, text, effects }: Received): string {
  const told = effects.map((effect) => {
    const { before, after } = effect;
    return before && after
      ? `${effect.text} Before: ${before.join(', ')}. Now: ${after.join(', ')}.`
      : effect.text;
  });
  return [text === '' ? `${code}.` : `${code}: ${text}`, ...told].join(' ');
}

/** An HTTP request, as far as the simulator reads it. */
export interface SimulatorRequest {
  readonly authorization: string | undefined;
  readonly body: string;
}

/** An HTTP answer. */
export interface SimulatorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The message, where the request held one and it was taken. */
  readonly received?: Received;
  /** How the answer is to be given, where not simply at once. */
  readonly delay?: number;
  readonly manner?: 'drop' | 'half' | 'never' | 'drip';
}

/** The stand-in, without a network. */
export class Simulator {
  readonly #options: SimulatorOptions;
  readonly #faults: FaultSource;
  readonly #patients = new Patients();

  /** @throws PkbConfigError `PKB_SETTING` for faults that cannot be */
  constructor(options: SimulatorOptions) {
    this.#options = options;
    this.#faults = new FaultSource(options.faults ?? {});
  }

  /** The status with which a request that is no POST is answered: 401, or 405 for who would be let in. */
  greet(authorization: string | undefined): 401 | 405 {
    return this.#mayEnter(authorization) ? 405 : 401;
  }

  /** Answers one request, with the next fault where there is one. Never throws. */
  handle(request: SimulatorRequest): SimulatorAnswer {
    const kind = this.#faults.next();
    return { ...this.#withFault(kind, request), delay: this.#faults.latency() };
  }

  #withFault(kind: FaultKind | undefined, request: SimulatorRequest): SimulatorAnswer {
    const plain = (status: number, headers = {}): SimulatorAnswer => ({ status, headers, body: '' });
    switch (kind) {
      case undefined:
        return this.#answer(request);
      case 'drop-before':
        return { ...plain(200), manner: 'drop' };
      case 'drop-after':
        return { ...this.#answer(request), manner: 'drop' };
      case 'half-response':
        return { ...this.#answer(request), manner: 'half' };
      case 'no-answer':
        return { ...this.#answer(request), manner: 'never' };
      case 'drip':
        return { ...this.#answer(request), manner: 'drip' };
      case '401':
      case '403':
      case '413':
        return plain(Number(kind));
      case '429':
      case '503':
        return plain(Number(kind), { 'retry-after': String(this.#faults.retryAfter) });
      case '500':
        return soapFault('Fault on purpose.');
      case 'html':
        return {
          status: 200,
          headers: { 'content-type': 'text/html' },
          body: '<html><body>Log in</body></html>',
        };
      case 'wrong-id':
      case 'no-msa':
      case 'AR':
      case 'AE':
        return this.#distort(kind, request);
    }
  }

  /** Answers of PKB's form that say something else. A rejected message is not filed. */
  #distort(kind: 'wrong-id' | 'no-msa' | 'AR' | 'AE', request: SimulatorRequest): SimulatorAnswer {
    const hl7 = messageIn(request.body);
    if (hl7 === undefined || !this.#mayEnter(request.authorization)) return this.#answer(request);
    const rejected = kind === 'AR' || kind === 'AE';
    const filed = rejected ? undefined : this.#receive(hl7);
    const code = rejected ? kind : 'AA';
    const controlId = unescape(readRaw(hl7, 'MSH-10') ?? '');
    const text = rejected ? 'Fault on purpose (simulator wording)' : '';
    const ack = this.#ack(hl7, code, kind === 'wrong-id' ? 'another-message' : controlId, text);
    const body = envelope(responseBody(kind === 'no-msa' ? (ack.split('\r')[0] ?? '') : ack));
    const answer: SimulatorAnswer = { status: 200, headers: XML, body };
    return filed === undefined ? answer : { ...answer, received: filed };
  }

  #ack(hl7: string, code: 'AA' | 'AR' | 'AE', answers: string, text: string): string {
    return writeAck({
      code,
      answers,
      text,
      application: readRaw(hl7, 'MSH-3') ?? '',
      facility: readRaw(hl7, 'MSH-4') ?? '',
      time: formatUtc(this.#now()),
    });
  }

  #answer(request: SimulatorRequest): SimulatorAnswer {
    if (!this.#mayEnter(request.authorization)) {
      return { status: 401, headers: { 'www-authenticate': 'Basic realm="PKB simulator"' }, body: '' };
    }
    const hl7 = messageIn(request.body);
    if (hl7 === undefined) return soapFault('The request holds no acceptMessage with an arg0.');
    const received = this.#receive(hl7);
    const ack = this.#ack(hl7, received.code, received.controlId, received.text);
    return { status: 200, headers: XML, body: envelope(responseBody(ack)), received };
  }

  #now(): Date {
    return this.#options.now?.() ?? new Date();
  }

  #mayEnter(authorization: string | undefined): boolean {
    const { username = '', password = '' } = this.#options;
    const match = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '');
    if (!match) return false;
    return (
      username === '' || Buffer.from(match[1] ?? '', 'base64').toString('utf8') === `${username}:${password}`
    );
  }

  #receive(hl7: string): Received {
    let controlId = '';
    let messageType = '';
    try {
      const header = readHeader(hl7);
      controlId = unescape(fieldOf(hl7, header, 10)).trim();
      messageType = messageTypeOf(fieldOf(hl7, header, 9));
      checkMessage(hl7, messageType, this.#options.aliases ?? []);
      return { hl7, controlId, messageType, code: 'AA', text: '', ...this.#file(hl7, messageType) };
    } catch (error) {
      const known = error instanceof Rejection;
      const text = known ? error.message : 'Unexpected error while processing: null';
      return { hl7, controlId, messageType, code: known ? 'AR' : 'AE', text, held: false, effects: [] };
    }
  }

  /** Matches the patient and files the message, or holds it. */
  #file(hl7: string, messageType: string): { held: boolean; effects: Effect[] } {
    const family = messageTypeRow(messageType)?.family;
    if (family === 'query')
      return { held: false, effects: [{ text: 'A query; the simulator answers with an ACK only.' }] };
    const { record, created } = this.#match(hl7, messageType);
    const effects: Effect[] = created ? [{ text: 'A record was created.' }] : [];
    const holdings = holdingsOf(record, readRaw(hl7, 'MSH-4') ?? '');
    const birthDate = (read(hl7, 'PID-7') ?? '').slice(0, 8);
    if (family === 'demographics') {
      effects.push(...this.#applyDemographics(hl7, record, holdings, birthDate));
      return { held: false, effects };
    }
    const held = birthDate === '' || birthDate !== record.birthDate;
    if (held) effects.push({ text: 'Held for review: the date of birth (PID-7) is not that of the record.' });
    effects.push(...fileDataPoint(hl7, messageType, holdings, held));
    return { held, effects };
  }

  #match(hl7: string, messageType: string): { record: PatientRecord; created: boolean } {
    const identifiers = identifiersOf(hl7);
    const [record, ...others] = this.#patients.find(identifiers);
    if (others.length > 0) throw new Rejection('Parsing or validation error: Ambiguous patient IDs provided');
    if (record !== undefined) return { record, created: false };
    checkNewPatient(hl7, messageType);
    return {
      record: this.#patients.create(identifiers, (read(hl7, 'PID-7') ?? '').slice(0, 8)),
      created: true,
    };
  }

  #applyDemographics(hl7: string, record: PatientRecord, holdings: Holdings, birthDate: string): Effect[] {
    const sent = readTimestamp(readRaw(hl7, 'MSH-7.1') ?? '');
    const time = sent === undefined ? 0 : momentOf(sent).getTime();
    if (time < record.entered)
      return [{ text: 'Demographics not applied: MSH-7 is older than what the record holds.' }];
    record.entered = time;
    if (birthDate !== '') record.birthDate = birthDate;
    this.#patients.identify(record, identifiersOf(hl7));
    return [{ text: 'Demographics applied.' }, ...replaceLists(hl7, holdings)];
  }
}

function soapFault(text: string): SimulatorAnswer {
  return { status: 500, headers: XML, body: faultBody(text) };
}
