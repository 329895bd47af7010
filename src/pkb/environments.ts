/**
 * PKB's addresses (PKB pages "HL7 Connection Guidance", 3364848418, and "Connecting to PKB endpoints", 3364585480).
 */
import { PkbConfigError } from '../errors.js';

/** The choices of a connection. `simulator` is the pkb-simulator node of this Node-RED, `custom` any other address. */
export const ENVIRONMENTS = ['simulator', 'sandbox', 'production-hscn', 'custom'] as const;

/** One of {@link ENVIRONMENTS}. */
export type Environment = (typeof ENVIRONMENTS)[number];

/** The addresses that PKB publishes. */
export const PUBLISHED_URLS: Readonly<Partial<Record<Environment, string>>> = {
  sandbox: 'https://sandbox.patientsknowbest.com:7443/services/hl7',
  'production-hscn': 'https://nww.patientsknowbest.com:7443/services/hl7',
};

/** Names for people. */
const NAMES: Readonly<Record<Environment, string>> = {
  simulator: 'the simulator',
  sandbox: 'PKB sandbox',
  'production-hscn': 'PKB production (HSCN)',
  custom: 'an address of its own',
};

/**
 * The key of the address to which a stored message is bound: the environment and the origin. The origin of the simulator is
 * left out, because it is that of this Node-RED.
 *
 * @returns such as `sandbox https://sandbox.patientsknowbest.com:7443`
 */
export function addressKey(environment: Environment, url: URL | undefined): string {
  return environment === 'simulator' || url === undefined ? environment : `${environment} ${url.origin}`;
}

/** An {@link addressKey} for people, such as `PKB sandbox`. */
export function shownAddress(key: string): string {
  const [environment = '', origin = ''] = key.split(' ', 2);
  return isEnvironment(environment) && environment !== 'custom' ? NAMES[environment] : origin || key;
}

/** Whether a setting names an environment. */
export function isEnvironment(name: unknown): name is Environment {
  return ENVIRONMENTS.some((environment) => environment === name);
}

/** What can be wrong with an address. */
export type UrlFault = 'url' | 'credentials' | 'https';

/**
 * Finds what is wrong with the address for messages: it is not a URL, it holds credentials, or it is not https. PKB demands
 * https; http is allowed on loopback only.
 *
 * @param address as entered
 * @returns undefined if it can be used
 */
export function urlFault(address: string): UrlFault | undefined {
  if (!URL.canParse(address)) return 'url';
  const { username, password, protocol, hostname } = new URL(address);
  if (username !== '' || password !== '') return 'credentials';
  if (protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname))) return undefined;
  return 'https';
}

/**
 * Checks the address for messages, as {@link urlFault} does.
 *
 * @returns the parsed address
 * @throws PkbConfigError `PKB_URL`
 */
export function checkUrl(address: string): URL {
  const fault = urlFault(address);
  if (fault === undefined) return new URL(address);
  throw new PkbConfigError('PKB_URL', URL_FAULTS[fault]);
}

const URL_FAULTS: Readonly<Record<UrlFault, string>> = {
  url: 'The address is not a URL; it should look like https://host:7443/services/hl7.',
  credentials: 'The address holds credentials; move them into the user name and password fields.',
  https:
    'The address must begin with https://; plain http:// is allowed only for this machine itself (localhost).',
};

/** Whether a host name of a URL is this machine's loopback interface. A parsed URL has its IPv4 address in full. */
function isLoopbackHost(hostname: string): boolean {
  const host = hostname.toLowerCase();
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
