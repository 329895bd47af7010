/** A simulator without a network, and how tests send it letters and ask it by FHIR. */
import assert from 'node:assert/strict';
import { encodeRequest } from '../../../../src/pkb/soap/request.js';
import type { HttpAnswer } from '../../../../src/simulator/answer.js';
import type { ApiBody, ApiHead } from '../../../../src/simulator/fhir/request.js';
import type { KnownPatient } from '../../../../src/simulator/known-patients.js';
import { type Received, Simulator, type SimulatorOptions } from '../../../../src/simulator/simulator.js';
import { NHS_NUMBERS, stamped } from '../../../support/messages.js';

export const BASIC = `Basic ${Buffer.from('partner_mailco:testing').toString('base64')}`;
export const TRUST = '00000000-0000-4000-8000-0000000000aa';
export const OTHER = '00000000-0000-4000-8000-0000000000bb';
export const NHS = 'https://fhir.nhs.uk/Id/nhs-number';
export const RECEIPTS = '/fhir/DocumentReference/$read-receipt-query';
export const STATUS = '/fhir/Patient/$status-query';
export const INVITATIONS = '/fhir/Organization/$generate-invitation-tokens';
export const READ = '/fhir/simulator/read';

/** The patient of `stamped()`. */
export const ALEX: KnownPatient = { nhsNumber: NHS_NUMBERS[0], birthDate: '1970-01-01' };

/** The head of a request that is allowed, but for its token. */
export const HEAD: ApiHead = {
  method: 'POST',
  path: RECEIPTS,
  authorization: undefined,
  organisation: TRUST,
  contentType: 'application/fhir+json',
  contentEncoding: undefined,
  contentLength: undefined,
  remoteAddress: '127.0.0.1',
};

export const TOKEN_HEAD: ApiHead = {
  ...HEAD,
  path: '/oauth/token',
  authorization: BASIC,
  organisation: undefined,
  contentType: 'application/x-www-form-urlencoded',
};

export const FORM = Buffer.from('grant_type=client_credentials');

/** A letter of a Customer (MSH-4). */
export function letter(id: string, facility = 'trustalias{trustalias}', birthDate = '19700101'): string {
  const more = `TXA|1|CL||20260101||||||||${id}|||||AU\rOBX|1|ED|||^TEXT^PDF^Base64^eA==\r`;
  return stamped('1', { type: 'MDM^T02', more })
    .replace('trustalias{trustalias}', facility)
    .replace('19700101', birthDate);
}

/** What takes a letter back. */
export function removal(id: string, facility = 'trustalias{trustalias}'): string {
  return stamped('1', { type: 'MDM^T11', more: `TXA||||||||||||${id}\r` }).replace(
    'trustalias{trustalias}',
    facility,
  );
}

/** A Parameters resource. */
export function parameters(name: string, values: readonly object[]): object {
  return {
    resourceType: 'Parameters',
    parameter: values.map((valueIdentifier) => ({ name, valueIdentifier })),
  };
}

/** A result: the value of each part, without its type, by the part's name. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests look into results of any shape
export type Result = Record<string, any>;

/** The results in an answer. */
export function resultsOf(answer: HttpAnswer): Result[] {
  assert.equal(answer.status, 200, answer.body);
  const { resourceType, parameter = [] } = JSON.parse(answer.body) as {
    resourceType: string;
    parameter?: { part: Record<string, unknown>[] }[];
  };
  assert.equal(resourceType, 'Parameters');
  return parameter.map(({ part }) =>
    Object.fromEntries(part.map(({ name, ...values }) => [String(name), Object.values(values)[0]] as const)),
  );
}

/** What an OperationOutcome says: PKB's code, if there is one, and the words. */
export function outcomeOf({ body }: HttpAnswer): { issue: string; code: string | undefined; text: string } {
  const { resourceType, issue } = JSON.parse(body) as {
    resourceType: string;
    issue: { code: string; diagnostics: string; details: { coding?: { code: string }[] } }[];
  };
  assert.equal(resourceType, 'OperationOutcome');
  const [first] = issue;
  assert.ok(first);
  return { issue: first.code, code: first.details.coding?.[0]?.code, text: first.diagnostics };
}

/** A simulator, and how to ask it. */
export interface Asked {
  readonly simulator: Simulator;
  /** Sends a message. */
  send(hl7: string): Received;
  token(): string;
  /** Posts JSON to an operation with a new token. */
  post(path: string, resource: unknown, head?: Partial<ApiHead>): HttpAnswer;
  postBody(path: string, body: ApiBody, head?: Partial<ApiHead>): HttpAnswer;
  /** The receipts of letters, by identifier. */
  receipts(ids: readonly string[], organisation?: string): Map<string, Result>;
}

/** Makes a simulator that knows one patient. */
export function asked(options: SimulatorOptions = {}): Asked {
  const simulator = new Simulator({ patients: [ALEX], ...options });
  const self: Asked = {
    simulator,
    send(hl7) {
      const { received } = simulator.handle({ authorization: BASIC, body: encodeRequest(hl7) });
      assert.ok(received);
      return received;
    },
    token() {
      const { status, body } = simulator.api.handle(TOKEN_HEAD, FORM);
      assert.equal(status, 200, body);
      return (JSON.parse(body) as { access_token: string }).access_token;
    },
    post: (path, resource, head) => self.postBody(path, Buffer.from(JSON.stringify(resource)), head),
    postBody: (path, body, head = {}) =>
      simulator.api.handle({ ...HEAD, path, authorization: `Bearer ${self.token()}`, ...head }, body),
    receipts(ids, organisation = TRUST) {
      const resource = parameters(
        'documentIdentifier',
        ids.map((value) => ({ value })),
      );
      const found = resultsOf(self.post(RECEIPTS, resource, { organisation }));
      return new Map(found.map((one) => [one['documentIdentifier']?.value as string, one]));
    },
  };
  return self;
}
