/** Where files stand that no absolute path is given for. */
import type { Runtime } from './types.js';

/** Node-RED's user directory. */
export function userDirOf(RED: Runtime): string {
  return RED.settings.userDir ?? process.cwd();
}
