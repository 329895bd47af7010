/**
 * A stand-in for PKB's HL7 endpoint (and, in `fhir/`, for its FHIR operations), so that a flow runs before the Partner has an account. It does what PKB documents:
 * authentication, aliases, required fields, message types, texts of acknowledgements, soft matching and the overwriting by
 * demographics. It is not PKB: PKB may refuse a message that the simulator accepts.
 */
import { writeAck } from '../hl7/ack.js';
import { unescape } from '../hl7/escape.js';
import { fieldOf, messageTypeOf, readHeader } from '../hl7/header.js';
import { readRaw } from '../hl7/read.js';
import { formatUtc } from '../hl7/timestamp.js';
import { messageTypeRow } from '../pkb/catalogue.js';
import type { HttpAnswer } from './answer.js';
import { decodeBody, readContentType } from './charset.js';
import { checkMessage } from './checks.js';
import { type Head, mayEnter, refusalOf, UNAUTHORISED } from './entry.js';
import type { Effect, Filed } from './filing.js';
import { type FaultKind, type FaultPlan, FaultSource } from './faults.js';
import { Api } from './fhir/api.js';
import { Documents } from './fhir/documents.js';
import { type ApiOptions, settle } from './fhir/options.js';
import { identityOf } from './identifiers.js';
import { addKnown, type KnownPatient } from './known-patients.js';
import { type Limits, LIMITS } from './limits.js';
import { own } from '../hl7/own.js';
import { ReceivedMessage } from './message.js';
import { Patients } from './patients.js';
import { answerQuery } from './query.js';
import { Records } from './records.js';
import { Rejection } from './rejection.js';
import { readSoapRequest } from './soap-request.js';
import { envelope, faultBody, responseBody, XML } from './wire.js';
import { wsdl } from './wsdl.js';

/** Options of a simulator. */
export interface SimulatorOptions extends ApiOptions {
  /** Name and password for HTTP Basic. If left out, any are accepted, but only from this computer. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Authorised `connecting{controller}` pairs; all, if left out or empty. */
  readonly aliases?: readonly string[] | undefined;
  /** Whether a message other than demographics creates a record for a patient without one (an option at PKB); default false. */
  readonly autoCreate?: boolean | undefined;
  /** Patients with a record from the start. Default: none; for `startSimulator` and the node, those of the examples. */
  readonly patients?: readonly KnownPatient[] | undefined;
  /** Faults to make. */
  readonly faults?: FaultPlan | undefined;
  /** Limits that differ from the default ones. */
  readonly limits?: Partial<Limits> | undefined;
  readonly now?: (() => Date) | undefined;
}

/** A message sent to the simulator, and the result. */
export interface Received {
  readonly hl7: string;
  readonly controlId: string;
  readonly messageType: string;
  /** MSA-1 and MSA-3 of the answer. */
  readonly code: 'AA' | 'AR' | 'AE';
  readonly text: string;
  /** Whether PKB would hold it for the Customer's review. */
  readonly held: boolean;
  readonly effects: readonly Effect[];
}

/**
 * The result of a message in one text: the answer, and each effect with the data before and after.
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

/** An allowed HTTP request. */
export interface SimulatorRequest {
  readonly authorization: string | undefined;
  /** Content-Type; default `text/xml`. */
  readonly contentType?: string | undefined;
  /** The body, decoded or not. */
  readonly body: string | Buffer;
}

/** An answer of the HL7 endpoint. */
export interface SimulatorAnswer extends HttpAnswer {
  /** The message, if the request held one and it was taken. */
  readonly received?: Received;
}

/** A message that was taken, and the segments that a query adds to its acknowledgement. */
interface Taken {
  readonly received: Received;
  readonly segments: readonly string[];
}

/** The simulator, without a network. */
export class Simulator {
  readonly limits: Limits;
  /** The token endpoint and the FHIR operations. */
  readonly api: Api;
  readonly #documents: Documents;
  readonly #options: SimulatorOptions;
  readonly #faults: FaultSource;
  readonly #patients: Patients;
  readonly #records: Records;

  /** @throws PkbConfigError `PKB_SETTING` for options that are not allowed */
  constructor(options: SimulatorOptions) {
    this.#options = options;
    this.limits = { ...LIMITS, ...options.limits };
    this.#faults = new FaultSource(options.faults ?? {});
    this.#patients = new Patients(this.limits);
    addKnown(this.#patients, options.patients ?? []);
    const now = (): Date => this.#now();
    const { limits } = this;
    const settings = settle(options);
    const documents = new Documents(limits, settings.habit, now);
    this.#documents = documents;
    this.#records = new Records(this.#patients, {
      limits,
      autoCreate: options.autoCreate ?? false,
      now,
      documents,
    });
    this.api = new Api(options, settings, { patients: this.#patients, documents, limits, now });
  }

  /** How many patients, data points and documents it has forgotten, to stay within its limits. */
  get forgotten(): number {
    return this.#patients.forgotten + this.#documents.forgotten;
  }

  /**
   * Has a letter be read by its patient.
   *
   * @param documentId TXA-12.1
   * @param at when; default now. In the future, it is unread until then. The first time counts
   * @returns whether there is such a letter
   * @throws PkbConfigError `PKB_SETTING` for a time that is none
   */
  markRead(documentId: string, at?: Date): boolean {
    return this.#documents.markRead(documentId, at);
  }

  /** Answers a request from its head alone, if that is enough; undefined if its body must be read. */
  greet(head: Head, address: string): SimulatorAnswer | undefined {
    const refusal = refusalOf(head, this.#options, this.limits.request);
    if (refusal !== undefined) return refusal;
    return head.method === 'POST' ? undefined : { status: 200, headers: XML, body: wsdl(address) };
  }

  /** Answers one request, with the next fault if there is one. Never throws. */
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
        return UNAUTHORISED;
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
      default:
        return kind satisfies never;
    }
  }

  /** Makes an answer in PKB's form with wrong content. A rejected message is not filed. */
  #distort(kind: 'wrong-id' | 'no-msa' | 'AR' | 'AE', request: SimulatorRequest): SimulatorAnswer {
    const read = this.#read(request);
    if ('status' in read) return read;
    const { hl7 } = read;
    const rejected = kind === 'AR' || kind === 'AE';
    const filed = rejected ? undefined : this.#receive(hl7);
    const code = rejected ? kind : 'AA';
    const controlId = unescape(readRaw(hl7, 'MSH-10') ?? '');
    const text = rejected ? 'Fault on purpose (simulator wording)' : '';
    const ack = this.#ack(hl7, { code, text, answers: kind === 'wrong-id' ? 'another-message' : controlId });
    const body = envelope(responseBody(kind === 'no-msa' ? (ack.split('\r')[0] ?? '') : ack));
    const answer: SimulatorAnswer = { status: 200, headers: XML, body };
    return filed === undefined ? answer : { ...answer, received: filed.received };
  }

  #answer(request: SimulatorRequest): SimulatorAnswer {
    const read = this.#read(request);
    if ('status' in read) return read;
    const { received, segments } = this.#receive(read.hl7);
    const { code, text, controlId: answers } = received;
    const type = segments.length > 0 ? { type: 'ADR^A19' } : {};
    const ack = this.#ack(read.hl7, { code, text, answers, ...type });
    const whole = ack + segments.map((segment) => `${segment}\r`).join('');
    return { status: 200, headers: XML, body: envelope(responseBody(whole)), received };
  }

  /** The message in a request, or the answer to a request without one. */
  #read(request: SimulatorRequest): { hl7: string } | SimulatorAnswer {
    const { authorization, contentType = 'text/xml', body } = request;
    if (!mayEnter(authorization, this.#options)) return UNAUTHORISED;
    const { encoding = 'as-declared' } = readContentType(contentType);
    const xml = typeof body === 'string' ? body : decodeBody(body, encoding);
    if (xml === undefined)
      return soapFault('The body is not in the character set that Content-Type or the document names.');
    const read = readSoapRequest(xml.replace(/^\uFEFF/, ''));
    return 'fault' in read ? soapFault(read.fault) : read;
  }

  #ack(
    hl7: string,
    fields: { code: 'AA' | 'AR' | 'AE'; answers: string; text: string; type?: string },
  ): string {
    return writeAck({
      ...fields,
      application: readRaw(hl7, 'MSH-3') ?? '',
      facility: readRaw(hl7, 'MSH-4') ?? '',
      time: formatUtc(this.#now()),
    });
  }

  #now(): Date {
    return this.#options.now?.() ?? new Date();
  }

  #receive(hl7: string): Taken {
    let controlId = '';
    let messageType = '';
    try {
      const header = readHeader(hl7);
      controlId = own(unescape(fieldOf(hl7, header, 10)).trim());
      messageType = own(messageTypeOf(fieldOf(hl7, header, 9)));
      const { segments, ...filed } = this.#take(new ReceivedMessage(hl7, this.limits.segments), messageType);
      return { received: { hl7, controlId, messageType, code: 'AA', text: '', ...filed }, segments };
    } catch (error) {
      const known = error instanceof Rejection;
      const text = known ? error.message : 'Unexpected error while processing: null';
      const code = known ? 'AR' : 'AE';
      return {
        received: { hl7, controlId, messageType, code, text, held: false, effects: [] },
        segments: [],
      };
    }
  }

  /** Checks a message; then answers it if it is a query, and files it otherwise. */
  #take(message: ReceivedMessage, messageType: string): Filed & { segments: readonly string[] } {
    const identity = identityOf(message, this.limits);
    checkMessage(message, messageType, identity, this.#options.aliases ?? [], this.limits);
    const type = messageTypeRow(messageType);
    if (type === undefined) throw new Rejection('Unknown messageType received from HL7');
    if (type.family !== 'query') return { ...this.#records.file(message, type, identity), segments: [] };
    const { segments, text } = answerQuery(message, this.#patients);
    return { held: false, effects: [{ text }], segments };
  }
}

function soapFault(text: string): SimulatorAnswer {
  return { status: 500, headers: XML, body: faultBody(text) };
}
