/**
 * pkb-api: the Partner's client at PKB's FHIR operations, and where they are.
 */
import { type ApiFactory, apiFactory, type PkbApi } from '../../src/api/client.js';
import {
  LONGEST_PART,
  type ReceiptParts,
  RECEIPT_PARTS,
  receiptPartsOf,
} from '../../src/api/receipt-parts.js';
import { asPkbError, PkbConfigError, type PkbError } from '../../src/errors.js';
import { urlFault } from '../../src/pkb/environments.js';
import { numberSetting, NUMBERS } from '../../src/settings.js';
import { raiseError } from '../common/errors.js';
import { networkSettings } from '../common/network.js';
import { simulatorUrl } from '../common/simulator.js';
import { USER_AGENT } from '../common/version.js';
import type { ApiCredentials, ApiNode } from '../common/contracts.js';
import type { NodeDef, Runtime } from '../common/types.js';

interface ApiDef extends NodeDef {
  /** `simulator`, or `other`: the addresses below. */
  environment: string;
  fhirUrl: string;
  tokenUrl: string;
  timeout: number | string;
  tls: string;
  proxy: string;
  /** Names of the parts of a read receipt; blank = the default. */
  documentPart: string;
  readPart: string;
  timePart: string;
}

module.exports = async function (RED: Runtime): Promise<void> {
  const createApi = await apiFactory();

  function PkbApiNode(this: ApiNode, config: ApiDef): void {
    RED.nodes.createNode(this, config);
    this.parts = RECEIPT_PARTS;
    let api: PkbApi | undefined;
    let fault: PkbError | undefined;
    try {
      this.parts = partsOf(config);
      api = createApi({ ...connectionOf(RED, this, config), userAgent: USER_AGENT });
    } catch (error) {
      fault = asPkbError(error);
      raiseError(RED, this, fault);
    }
    this.api = () => {
      if (api === undefined)
        throw (
          fault ??
          new PkbConfigError(
            'PKB_SETTING',
            'pkb api is not started: look for its error in the log, correct it and deploy again.',
          )
        );
      return api;
    };
    this.on('close', () => api?.close());
  }
  RED.nodes.registerType<ApiNode, ApiDef, object, ApiCredentials>('pkb-api', PkbApiNode, {
    credentials: { clientId: { type: 'text' }, clientSecret: { type: 'password' } },
  });
};

/** @throws PkbConfigError */
function connectionOf(
  RED: Runtime,
  { credentials }: ApiNode,
  config: ApiDef,
): Omit<Parameters<ApiFactory>[0], 'userAgent'> {
  const { environment, fhirUrl, tokenUrl } = config;
  if (environment !== 'simulator' && environment !== 'other')
    throw new PkbConfigError('PKB_SETTING', 'Open pkb api and choose the simulator, or other addresses.');
  const isSimulator = environment === 'simulator';
  const simulated = (path: string): URL => {
    const url = simulatorUrl(RED, 'pkb api');
    return new URL(`${url.pathname}${path}`, url);
  };
  const fhir = isSimulator ? undefined : checkAddress(fhirUrl, 'FHIR address');
  const token = isSimulator ? undefined : checkAddress(tokenUrl, 'token address');
  const addresses = {
    fhirUrl: () => fhir ?? simulated('/fhir'),
    tokenUrl: () => token ?? simulated('/oauth/token'),
  };
  return {
    ...addresses,
    ...clientOf(credentials, isSimulator),
    timeout: numberSetting(config.timeout, NUMBERS.timeout),
    ...networkSettings(RED, config, { address: addresses.fhirUrl, isSimulator }),
  };
}

function checkAddress(address: string, what: string): URL {
  const fault = urlFault(address ?? '');
  if (fault === undefined) return new URL(address);
  throw new PkbConfigError(
    'PKB_URL',
    fault === 'credentials'
      ? `The ${what} of pkb api holds credentials; move them into the fields for client ID and secret.`
      : `The ${what} of pkb api must be a URL that begins with https://; plain http:// is allowed only for this machine itself.`,
  );
}

/** The simulator of one's own Node-RED lets anyone in unless told otherwise, so none need be entered for it. */
function clientOf(
  { clientId = '', clientSecret = '' }: ApiCredentials = {},
  isSimulator: boolean,
): Required<ApiCredentials> {
  if (clientId !== '' && clientSecret !== '') return { clientId, clientSecret };
  if (isSimulator && clientId === '' && clientSecret === '')
    return { clientId: 'simulator', clientSecret: 'simulator' };
  throw new PkbConfigError(
    'PKB_CREDENTIALS',
    'pkb api has no client ID or no client secret; open it and enter both.',
  );
}

/** @throws PkbConfigError `PKB_SETTING` */
function partsOf(config: ApiDef): ReceiptParts {
  const parts = receiptPartsOf(config);
  if (parts !== undefined) return parts;
  throw new PkbConfigError(
    'PKB_SETTING',
    `Document, Read and Read time in pkb api must be three different names of at most ${LONGEST_PART} characters.`,
  );
}
