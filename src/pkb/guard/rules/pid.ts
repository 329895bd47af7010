/** Shared by the rules about the patient. */
import type { Report, Rule } from '../rule.js';
import { codeOf, type Scan } from '../scan.js';

/** The code of PID. */
export const PID = codeOf('PID');

/** Makes a check of PID, for every message that has a patient. */
export function atPid(check: (message: Scan, pid: number, report: Report) => void): Rule['check'] {
  return (message, report) => {
    const pid = message.first(PID);
    if (pid >= 0) check(message, pid, report);
  };
}
