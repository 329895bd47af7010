/** Numbers that are entered in dialogs: one table for the dialogs and for what runs. */
import { PkbConfigError } from './errors.js';

/** What a number may be. */
export interface NumberSetting {
  /** What it is called in an error. */
  readonly name: string;
  /** What a blank means. */
  readonly fallback: number;
  readonly least: number;
  readonly most: number;
  /** Whether it must be a whole number. */
  readonly whole: boolean;
}

/** The settings that are numbers. */
export const NUMBERS = {
  timeout: { name: 'timeout of the connection', fallback: 30, least: 0.1, most: 600, whole: false },
  concurrency: { name: 'number of parallel messages', fallback: 1, least: 1, most: 64, whole: true },
  retentionDays: { name: 'retention of the outbox', fallback: 7, least: 0, most: 36_500, whole: false },
  maxAgeHours: { name: 'maximum age of the outbox', fallback: 72, least: 0, most: 876_000, whole: false },
  minutes: {
    name: 'number of minutes of pkb events',
    fallback: 15,
    least: 0,
    most: 10_000,
    whole: false,
  },
  progressSeconds: {
    name: 'number of seconds of pkb run',
    fallback: 60,
    least: 0,
    most: 86_400,
    whole: false,
  },
  quietMinutes: {
    name: 'number of minutes of pkb run',
    fallback: 60,
    least: 0,
    most: 100_000,
    whole: false,
  },
  deadlineHours: {
    name: 'number of hours until a letter is posted',
    fallback: 72,
    least: 0,
    most: 8760,
    whole: false,
  },
  askMinutes: {
    name: 'number of minutes between questions of pkb letters',
    fallback: 60,
    least: 0.01,
    most: 10_000,
    whole: false,
  },
  graceMinutes: {
    name: 'number of minutes that pkb letters waits for PKB',
    fallback: 120,
    least: 0,
    most: 10_000,
    whole: false,
  },
  tokenSeconds: {
    name: "life of the simulator's tokens",
    fallback: 600,
    least: 1,
    most: 86_400,
    whole: true,
  },
  readEvery: { name: 'share of letters read', fallback: 0, least: 0, most: 1_000_000, whole: true },
  readAfterSeconds: {
    name: 'time until letters are read',
    fallback: 0,
    least: 0,
    most: 31_536_000,
    whole: false,
  },
  poolSize: { name: 'number of database connections', fallback: 8, least: 2, most: 100, whole: true },
} as const satisfies Readonly<Record<string, NumberSetting>>;

/**
 * Reads a number.
 *
 * @param value as entered: a number or text; blank or left out for what the table says
 * @returns undefined where it is none that the setting may have
 */
export function readNumber(value: unknown, setting: NumberSetting): number | undefined {
  if (value === undefined || value === null || value === '') return setting.fallback;
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  const number = typeof value === 'string' && value.trim() === '' ? Number.NaN : Number(value);
  const fits = number >= setting.least && number <= setting.most;
  return fits && (!setting.whole || Number.isInteger(number)) ? number : undefined;
}

/** As {@link readNumber}. @throws PkbConfigError `PKB_SETTING` */
export function numberSetting(value: unknown, setting: NumberSetting): number {
  const number = readNumber(value, setting);
  if (number !== undefined) return number;
  const { name, least, most, whole } = setting;
  throw new PkbConfigError(
    'PKB_SETTING',
    `The ${name} must be a ${whole ? 'whole ' : ''}number from ${least} to ${most}.`,
  );
}

/** Whether a whole setting is an environment variable, which only the runtime can look into. */
export function isVariable(value: unknown): boolean {
  return typeof value === 'string' && /^\$\{[^}\s]+\}$/.test(value);
}
