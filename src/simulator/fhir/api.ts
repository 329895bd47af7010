/**
 * PKB's token endpoint and FHIR operations, without a network. What PKB documents is done as documented; status codes and texts of
 * errors are simulator wording.
 */
import type { HttpAnswer } from '../answer.js';
import type { Credentials } from '../entry.js';
import type { Limits } from '../limits.js';
import type { Patients } from '../patients.js';
import { admit, BAD_AUTHENTICATION, BODY_TOO_LARGE, type Gate, isRefused, type Needs } from './access.js';
import { ApiRefusal, fhirAnswer, outcomeAnswer, refuse } from './answers.js';
import type { Documents } from './documents.js';
import type { ApiFaultKind, ApiFaults } from './faults.js';
import { markRead, READ_PATH, READ_TYPES } from './mark-read.js';
import { isOperation, operate, OPERATION_TYPES, type Place } from './operations.js';
import type { ApiSettings } from './options.js';
import type { Grant } from './organisations.js';
import { parametersOf, type Part } from './parameters.js';
import { type ApiBody, type ApiHead, jsonOf, TOKEN_PATH } from './request.js';
import { FORM_TOO_LARGE, giveToken, greetClient, MOST_FORM, UNAUTHORISED_CLIENT } from './token-endpoint.js';
import { Tokens } from './tokens.js';

/** What the API shares with the HL7 endpoint. */
export interface Shared {
  readonly patients: Patients;
  readonly documents: Documents;
  readonly limits: Limits;
  readonly now: () => Date;
}

/** The token endpoint and the FHIR operations. */
export class Api {
  readonly #place: Place;
  readonly #gate: Gate;
  readonly #faults: ApiFaults;

  constructor(credentials: Credentials, settings: ApiSettings, shared: Shared) {
    const { organisations, tokenSeconds, receipt, faults } = settings;
    this.#place = { ...shared, receipt };
    this.#gate = { credentials, tokens: new Tokens(tokenSeconds, shared.now), organisations };
    this.#faults = faults;
  }

  /** Upper limit of the body of a request, in bytes. */
  most(path: string): number {
    return path === TOKEN_PATH ? MOST_FORM : this.#place.limits.apiRequest;
  }

  /** Answers a request from its head alone, if that is enough; undefined if its body must be read. */
  greet(head: ApiHead): HttpAnswer | undefined {
    if (head.path === TOKEN_PATH) return greetClient(head, this.#gate.credentials);
    const admitted = admit(head, this.#needs(head.path), this.#gate);
    return isRefused(admitted) ? outcomeAnswer(admitted) : undefined;
  }

  /** The answer to a body that is larger than {@link most}. */
  tooLarge(path: string): HttpAnswer {
    return path === TOKEN_PATH ? FORM_TOO_LARGE : outcomeAnswer(BODY_TOO_LARGE);
  }

  /** Answers one request, with the next fault if there is one. Never throws. */
  handle(head: ApiHead, body: ApiBody): HttpAnswer {
    const greeting = this.greet(head);
    if (greeting !== undefined) return greeting;
    if (Buffer.isBuffer(body) && body.length > this.most(head.path)) return this.tooLarge(head.path);
    if (head.path === TOKEN_PATH) {
      const answer = this.#faults.refusesToken() ? UNAUTHORISED_CLIENT : giveToken(body, this.#gate.tokens);
      return { ...answer, delay: this.#faults.latency() };
    }
    const grant = this.#gate.organisations.grantOf(head.organisation?.trim() ?? '') ?? NOTHING;
    if (head.path === READ_PATH) return refusalsToo(() => this.#markRead(body, grant));
    const kind = this.#faults.next();
    const answer = this.#withFault(kind, (change) =>
      refusalsToo(() => this.#operate(head.path, body, grant, change)),
    );
    return { ...answer, delay: this.#faults.latency() + (kind === 'slow' ? this.#faults.slowness : 0) };
  }

  #needs(path: string): Needs | undefined {
    const most = this.#place.limits.apiRequest;
    if (path === READ_PATH) return { types: READ_TYPES, most };
    return isOperation(path) ? { types: OPERATION_TYPES, most } : undefined;
  }

  #withFault(kind: ApiFaultKind | undefined, answer: (change?: ChangePart) => HttpAnswer): HttpAnswer {
    const refused = (status: number, issue: string, headers = {}): HttpAnswer =>
      outcomeAnswer({ status, issue, text: 'Fault on purpose (simulator wording).', headers });
    switch (kind) {
      // The token endpoint has this fault, so no operation draws it.
      case 'token-refused':
      case 'slow':
      case undefined:
        return answer();
      case 'wrong-shape':
        return answer((part) => ({ ...part, name: `x-${part.name}` }));
      case 'drop':
        return { ...answer(), manner: 'drop' };
      case 'no-answer':
        return { ...answer(), manner: 'never' };
      case '401':
        return outcomeAnswer(BAD_AUTHENTICATION);
      case '429':
        return refused(429, 'throttled', { 'retry-after': String(this.#faults.retryAfter) });
      case '500':
        return refused(500, 'exception');
      case '503':
        return refused(503, 'transient', { 'retry-after': String(this.#faults.retryAfter) });
      case 'html':
        return { status: 200, headers: { 'content-type': 'text/html' }, body: LOGIN_PAGE };
      case 'no-fhir':
        return { status: 200, headers: { 'content-type': 'application/json' }, body: '{"status":"ok"}' };
      default:
        return kind satisfies never;
    }
  }

  #operate(path: string, body: ApiBody, grant: Grant, change: ChangePart = (part) => part): HttpAnswer {
    const { name, list } = operate(path, mustBeJson(body), this.#place, grant);
    const results = list.map((parts) => parts.map(change));
    return fhirAnswer(parametersOf(name, results));
  }

  #markRead(body: ApiBody, grant: Grant): HttpAnswer {
    const { documents, limits } = this.#place;
    return markRead(mustBeJson(body), documents, grant, limits.id);
  }
}

/** Changes a part of a result. */
type ChangePart = (part: Part) => Part;

/** The grant of an organisation without one; nothing has a blank MSH-4. */
const NOTHING: Grant = { facility: '' };

const LOGIN_PAGE = '<html><body>Log in</body></html>';

function mustBeJson(body: ApiBody): unknown {
  const json = jsonOf(body);
  return json === undefined ? refuse('The body must be JSON in UTF-8.', 'structure') : json;
}

/** Makes an answer of what is thrown instead of one. */
function refusalsToo(answer: () => HttpAnswer): HttpAnswer {
  try {
    return answer();
  } catch (error) {
    return outcomeAnswer(
      error instanceof ApiRefusal
        ? error.refused
        : { status: 500, issue: 'exception', text: 'Unexpected error while processing.' },
    );
  }
}
