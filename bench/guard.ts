/**
 * All rules of the guard, beside a bare scan for segment starts, on an A28 of about 8 kB.
 */
import { inspect } from '../dist/src/index.js';
import { figure, machine, measure, ratio, table } from './harness.js';

const MESSAGE =
  'MSH|^~\\&|MAILCO|trustalias{trustalias}|HL7API|PKB|20260101120000||ADT^A28|f691896e|P|2.4\r' +
  'PID|||9990000018^^^NHS^NH||Example^Alex^Sam^^Mx||19700101|U|||1 Sample Street^^London^^N1 1AA^GBR||01632960000^PRN\r' +
  'NK1|1|Example^Chris^^^Mx|MTH|1 Sample Street^^London^^N1 1AA^GBR|01632960001^PRN\r'.repeat(94);

/** Finds where segments start: what any rule needs at the least. */
function bareScan(text: string): number[] {
  const starts = [0];
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if ((unit === 13 || unit === 10) && at + 1 < text.length) starts.push(at + 1);
  }
  return starts;
}

console.log(`Guard: ${machine()}, a message of ${MESSAGE.length} characters\n`);
const [scan, all] = measure([
  { name: 'bare scan', run: () => bareScan(MESSAGE) },
  { name: 'all rules', run: () => inspect(MESSAGE) },
]);
console.log(
  table(
    ['', 'µs', 'ratio'],
    [
      ['bare scan for segment starts', figure(scan?.microseconds ?? 0), '1'],
      ['**all rules**', figure(all?.microseconds ?? 0), ratio(all, scan).toFixed(2)],
    ],
  ),
);
