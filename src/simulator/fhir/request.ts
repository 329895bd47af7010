/**
 * A request to the token endpoint or a FHIR operation: its head, and its body as bytes or already parsed.
 */
import { decodeBody } from '../charset.js';

/** The head of a request. */
export interface ApiHead {
  readonly method: string | undefined;
  /** Below the path of the HL7 endpoint, decoded, such as `/fhir/Patient/$status-query`. */
  readonly path: string;
  readonly authorization: string | undefined;
  /** The header `X-Org-Public-Id`. */
  readonly organisation: string | undefined;
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  readonly contentLength: string | undefined;
  /** The address at the other end of the connection; headers are ignored. */
  readonly remoteAddress: string | undefined;
}

/** A body as bytes, or as Node-RED's own HTTP server has parsed it before the simulator sees the request. */
export type ApiBody = Buffer | { readonly parsed: unknown };

/** The path of the token endpoint, below the HL7 endpoint. */
export const TOKEN_PATH = '/oauth/token';

/** The beginning of the paths of the operations. */
export const FHIR_PATH = '/fhir/';

/** Whether a path below the HL7 endpoint is one of the token endpoint or the operations. */
export function isApiPath(path: string): boolean {
  return path === TOKEN_PATH || path.startsWith(FHIR_PATH);
}

/** The part of a URL's path below the HL7 endpoint, decoded; undefined if it is not below it, or not an API's. */
export function apiPathOf(url: string, endpoint: string): string | undefined {
  const base = endpoint.endsWith('/') ? endpoint.slice(0, -1) : endpoint;
  const [path = ''] = url.split('?', 1);
  if (!path.startsWith(`${base}/`)) return undefined;
  try {
    const below = decodeURIComponent(path.slice(base.length));
    return isApiPath(below) ? below : undefined;
  } catch {
    return undefined;
  }
}

/** JSON in a body; undefined if it is not JSON in UTF-8. */
export function jsonOf(body: ApiBody): unknown {
  if (!Buffer.isBuffer(body)) return body.parsed;
  const text = decodeBody(body, 'utf-8');
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The value of a field of a form; undefined if it is not there exactly once. */
export function formField(body: ApiBody, name: string): string | undefined {
  if (Buffer.isBuffer(body)) {
    const values = new URLSearchParams(body.toString('utf8')).getAll(name);
    return values.length === 1 ? values[0] : undefined;
  }
  const { parsed } = body;
  if (typeof parsed !== 'object' || parsed === null || !Object.hasOwn(parsed, name)) return undefined;
  const value = (parsed as Readonly<Record<string, unknown>>)[name];
  return typeof value === 'string' ? value : undefined;
}
