/**
 * The package's routes in Node-RED's admin API: who may reach them, and how. Every route of ours is made here, so that
 * none is open by an oversight; SECURITY.md has a row for each.
 */
import type { NextFunction, Request, Response } from 'express';
import type { Runtime } from './types.js';

/** Bodies of messages and PKB's words about them. Node-RED gives it to `*` and by name, to no `read` or `write` user. */
export const PATIENT_DATA = 'pkb.phi';

/** Permission to act on messages: send one again, resume sending. Node-RED gives it as {@link PATIENT_DATA}. */
export const OPERATE = 'pkb.operate';

/** What a user must be allowed to do: all of a list, or any one of it. */
export type Needed = { readonly all: readonly string[] } | { readonly any: readonly string[] };

/** Handles a request that has been let in. */
export type Handler = (request: Request, response: Response) => void;

/**
 * Makes a route that is read.
 *
 * @param path as Express takes it
 * @param needed `everybody` for what holds nothing of anybody, such as a page before its user has signed in
 */
export function adminGet(RED: Runtime, path: string, needed: Needed | 'everybody', handle: Handler): void {
  if (needed === 'everybody') {
    RED.httpAdmin.get(path, handle);
    return;
  }
  RED.httpAdmin.get(path, signedIn(RED), permitted(RED, needed), ownPage(RED), handle);
}

/**
 * Makes a route that acts, and takes JSON only: Node-RED itself reads forms, too, and a form of any web page reaches it.
 *
 * @param path as Express takes it
 */
export function adminPost(RED: Runtime, path: string, needed: Needed, handle: Handler): void {
  RED.httpAdmin.post(path, jsonOnly, signedIn(RED), permitted(RED, needed), ownPage(RED), handle);
}

/** Whether the user of a request has a permission. Without `adminAuth`, everybody has all. */
export function mayI(RED: Runtime, request: Request, permission: string): boolean {
  if (!hasAdminAuth(RED)) return true;
  const { authInfo } = request as { authInfo?: { scope?: unknown } };
  return holds(authInfo?.scope, permission);
}

/** The name of who asks, fit for a line of a log. */
export function userOf(RED: Runtime, request: Request): string {
  if (!hasAdminAuth(RED)) return 'someone (no adminAuth)';
  const { user } = request as { user?: { username?: unknown } };
  return typeof user?.username === 'string' ? plain(user.username) : 'anonymous';
}

/**
 * Writes down that somebody has used a route: one line in the log, and an event for logs that take audit events.
 *
 * @param event such as `pkb-send.release`
 * @param text the line, without the name; it and the details hold no credential and nothing of a message
 */
export function audit(RED: Runtime, request: Request, event: string, text: string, details: object): void {
  const username = userOf(RED, request);
  RED.log.info(text.replace('{user}', () => username));
  RED.log.audit({ event, username, ...details } as unknown as AuditRecord);
}

/** What Node-RED's own routes hand to the audit log, which its types do not know. */
type AuditRecord = Parameters<Runtime['log']['audit']>[0];

/** Makes a text fit for one log line: no line breaks or control characters, at most 80 characters. */
function plain(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?').slice(0, 80);
}

/** Node-RED's rule, from its `editor-api/lib/auth/permissions.js`, which it does not offer to nodes. */
function holds(scope: unknown, permission: string): boolean {
  if (Array.isArray(scope)) return scope.some((one) => holds(one, permission));
  if (scope === '*' || scope === permission) return true;
  if (scope === 'read' || scope === '*.read') return /^(.+\.)?read$/.test(permission);
  if (scope === 'write' || scope === '*.write') return /^(.+\.)?write$/.test(permission);
  return false;
}

/** Whether users must sign in. */
export function hasAdminAuth(RED: Runtime): boolean {
  return Boolean((RED.settings as { adminAuth?: unknown }).adminAuth);
}

type Middleware = (request: Request, response: Response, next: NextFunction) => void;

const jsonOnly: Middleware = (request, response, next) => {
  // A request without a body needs it as well: what a page can send without asking the browser first has another type.
  if (/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) return next();
  response.status(415).json({ error: 'Send JSON (Content-Type: application/json).' });
};

/** Lets Node-RED find out who asks; an empty permission is one that every user has. */
function signedIn(RED: Runtime): Middleware {
  return RED.auth.needsPermission('') as Middleware;
}

function permitted(RED: Runtime, needed: Needed): Middleware {
  return (request, response, next) => {
    const may = (permission: string): boolean => mayI(RED, request, permission);
    if ('all' in needed ? needed.all.every(may) : needed.any.some(may)) return next();
    // As Node-RED does it.
    RED.log.audit({ event: 'permission.fail', permissions: needed } as unknown as AuditRecord);
    response.status(401).end();
  };
}

/**
 * Keeps out web pages of other origins. Node-RED 4.1 tells browsers that any page may use its admin API, so JSON alone
 * does not. A user who has signed in is known by a token that other pages do not have, and needs no such check.
 */
function ownPage(RED: Runtime): Middleware {
  return (request, response, next) => {
    const { user } = request as { user?: { anonymous?: boolean } };
    const hasToken = hasAdminAuth(RED) && user !== undefined && user.anonymous !== true;
    if (hasToken || isOwnPage(request)) return next();
    response.status(403).json({ error: 'Use the editor of this Node-RED; other pages are refused.' });
  };
}

/** What no page can forge: browsers set both headers themselves. Programs that are no browser send neither. */
function isOwnPage({ headers }: Request): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  const { origin, host } = headers;
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
}
