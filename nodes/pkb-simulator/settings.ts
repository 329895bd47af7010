/**
 * The settings of a pkb-simulator, as options of the simulator.
 */
import { NUMBERS, numberSetting } from '../../src/settings.js';
import { readFaultPlan } from '../../src/simulator/faults.js';
import { readApiFaultPlan } from '../../src/simulator/fhir/faults.js';
import type { Organisation } from '../../src/simulator/fhir/organisations.js';
import { readReceiptShape } from '../../src/simulator/fhir/receipt-shape.js';
import { DEFAULT_PATIENTS, type KnownPatient } from '../../src/simulator/known-patients.js';
import type { SimulatorOptions } from '../../src/simulator/simulator.js';
import type { LoginCredentials } from '../common/contracts.js';
import type { NodeDef } from '../common/types.js';

/** The settings as they are in a flow. Those that are optional are absent from flows of earlier versions. */
export interface SimulatorDef extends NodeDef {
  path: string;
  aliases: string[];
  /** Whether letters, results and the like make records; absent = no. */
  autoCreate?: boolean;
  /** Patients known from the start; absent = those of the examples. */
  patients?: readonly KnownPatient[];
  /** A fault plan as JSON; blank = none. */
  faults: string;
  /** Organisations that have granted access; absent or empty = all. */
  organisations?: readonly Organisation[];
  /** Numbers as entered; absent or blank = the default of the table of settings. */
  tokenSeconds?: number | string;
  readEvery?: number | string;
  readAfterSeconds?: number | string;
  /** The form of a read receipt as JSON; absent or blank = the default. */
  receipt?: string;
  /** A fault plan for the FHIR operations as JSON; absent or blank = none. */
  apiFaults?: string;
}

/**
 * Reads the settings.
 *
 * @throws PkbConfigError `PKB_SETTING` for one that is not allowed
 */
export function simulatorOptions(config: SimulatorDef, credentials: LoginCredentials): SimulatorOptions {
  return {
    ...credentials,
    aliases: config.aliases ?? [],
    autoCreate: config.autoCreate,
    patients: config.patients ?? DEFAULT_PATIENTS,
    faults: readFaultPlan(config.faults ?? ''),
    organisations: config.organisations ?? [],
    tokenSeconds: numberSetting(config.tokenSeconds, NUMBERS.tokenSeconds),
    readEvery: numberSetting(config.readEvery, NUMBERS.readEvery),
    readAfterSeconds: numberSetting(config.readAfterSeconds, NUMBERS.readAfterSeconds),
    receipt: readReceiptShape(config.receipt ?? ''),
    apiFaults: readApiFaultPlan(config.apiFaults ?? ''),
  };
}
