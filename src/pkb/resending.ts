/**
 * Messages that do harm when PKB gets them twice. PKB replaces most by their data point ID, so that a second copy changes
 * nothing; these it does not (PKB pages 3835887617 and 3365012559).
 */
import { read } from '../hl7/read.js';
import { messageTypeRow } from './catalogue.js';

/**
 * What a second copy of a message does at PKB.
 *
 * @param messageType such as `SIU^S12`
 * @returns the harm, as a sentence; undefined where none is known
 */
export function resendHarms(hl7: string, messageType: string): string | undefined {
  const harm = messageTypeRow(messageType)?.resent;
  if (harm === undefined || harm.text === '') return undefined;
  const { only } = harm;
  return only === undefined || read(hl7, only.path) === only.value ? harm.text : undefined;
}
