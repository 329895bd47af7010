/** How PKB is reached: TLS, a proxy, HTTP Basic. */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import { HttpProxyAgent, HttpsProxyAgent } from 'hpagent';

/** TLS settings by Node.js's own names, as the core `tls-config` node gives them. */
export interface TlsOptions extends SecureContextOptions {
  rejectUnauthorized?: boolean;
  servername?: string;
  ALPNProtocols?: string[];
}

/** A forward proxy, as the core `http proxy` node describes it. */
export interface ProxyOptions {
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/** The value of the Authorization header, as PKB's Partner page shows it (3365012161). */
export function basicAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

/** Agents that keep their sockets alive until they are destroyed. @param concurrency how many sockets are kept at most */
export function createAgents({
  proxy,
  concurrency,
}: {
  readonly proxy?: ProxyOptions | undefined;
  readonly concurrency: number;
}): { http: HttpAgent; https: HttpsAgent } {
  const settings = {
    keepAlive: true,
    maxSockets: concurrency,
    maxFreeSockets: concurrency,
    scheduling: 'lifo' as const,
  };
  if (proxy === undefined) return { http: new HttpAgent(settings), https: new HttpsAgent(settings) };
  const address = new URL(proxy.url);
  if (proxy.username) address.username = encodeURIComponent(proxy.username);
  if (proxy.password) address.password = encodeURIComponent(proxy.password);
  const withProxy = { ...settings, proxy: address };
  return { http: new HttpProxyAgent(withProxy), https: new HttpsProxyAgent(withProxy) };
}

/** Node.js's TLS names to got's (both are the same settings). */
export function httpsOptions(tls: TlsOptions = {}): Record<string, unknown> {
  const options: Record<string, unknown> = {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: tls.rejectUnauthorized ?? true,
  };
  if (tls.ca !== undefined) options['certificateAuthority'] = tls.ca;
  if (tls.cert !== undefined) options['certificate'] = tls.cert;
  if (tls.key !== undefined) options['key'] = tls.key;
  if (tls.pfx !== undefined) options['pfx'] = tls.pfx;
  if (tls.passphrase !== undefined) options['passphrase'] = tls.passphrase;
  if (tls.servername) options['serverName'] = tls.servername;
  if (tls.ALPNProtocols !== undefined) options['alpnProtocols'] = tls.ALPNProtocols;
  return options;
}

/**
 * Whether a host is to be reached without the proxy.
 *
 * @param noProxy entries as in the `http proxy` node: a host, a domain (`.example.org`), or `*`
 */
export function bypassesProxy(url: URL, noProxy: readonly string[]): boolean {
  const host = url.hostname.toLowerCase();
  return noProxy.some((entry) => {
    const [name = '', port] = entry.trim().toLowerCase().split(':');
    if (name === '*') return true;
    if (port !== undefined && port !== (url.port || '443')) return false;
    const domain = name.replace(/^\*?\./, '');
    return domain !== '' && (host === domain || host.endsWith(`.${domain}`));
  });
}
