/**
 * Writes the answers of the token endpoint and the FHIR operations.
 */
import type { HttpAnswer } from '../answer.js';

/** The media type of FHIR in JSON (HL7 FHIR STU3, section 3.1.0.1.10). */
export const FHIR_JSON = 'application/fhir+json';

/** A reason for which a request to a FHIR operation is refused. */
export interface Refused {
  readonly status: number;
  /** IssueType of FHIR STU3, such as `login`. */
  readonly issue: string;
  /** PKB's response code, if it has one for this (PKB page 3365077057). */
  readonly code?: ResponseCode;
  /** In words, without any value of the request. */
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The ones of PKB's response codes that the simulator gives. */
export type ResponseCode = 'ACC_TOKEN_EXPIRED' | 'BAD_AUTHENTICATION';

/** The code system of PKB's response codes, and their names there (PKB page 3365077057). */
const RESPONSE_CODES = 'http://fhir.patientsknowbest.com/codesystem/response-code';
const DISPLAY: Readonly<Record<ResponseCode, string>> = {
  ACC_TOKEN_EXPIRED: 'Access token expired',
  BAD_AUTHENTICATION: 'Bad authentication',
};

/** Thrown for a request that a FHIR operation refuses. */
export class ApiRefusal extends Error {
  readonly refused: Refused;

  /** @param refused becomes the answer */
  constructor(refused: Refused) {
    super(refused.text);
    this.refused = refused;
  }
}

/** @throws ApiRefusal with status 400. @param issue IssueType of FHIR STU3 */
export function refuse(text: string, issue = 'invalid'): never {
  throw new ApiRefusal({ status: 400, issue, text });
}

/** An answer in FHIR's JSON. */
export function fhirAnswer(resource: object): HttpAnswer {
  return { status: 200, headers: { 'content-type': FHIR_JSON }, body: JSON.stringify(resource) };
}

/** An OperationOutcome. Status and place of the code are simulator wording; PKB documents the codes only. */
export function outcomeAnswer({ status, issue, code, text, headers = {} }: Refused): HttpAnswer {
  const coding = code && [{ system: RESPONSE_CODES, code, display: DISPLAY[code] }];
  const details = { ...(coding && { coding }), text };
  return {
    status,
    headers: { 'content-type': FHIR_JSON, ...headers },
    body: JSON.stringify({
      resourceType: 'OperationOutcome',
      issue: [{ severity: 'error', code: issue, details, diagnostics: text }],
    }),
  };
}

/** An answer of the token endpoint; never to be kept by a cache (RFC 6749, section 5.1). */
export function tokenAnswer(
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json;charset=UTF-8', 'cache-control': 'no-store', ...headers },
    body: JSON.stringify(body),
  };
}

/** An error of the token endpoint, such as `unauthorized` (PKB page "client-credentials"; RFC 6749, section 5.2). */
export function tokenError(
  status: number,
  error: string,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer {
  return tokenAnswer(status, { error, error_description: text }, headers);
}
