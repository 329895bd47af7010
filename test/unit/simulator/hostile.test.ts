import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { encodeRequest } from '../../../src/pkb/soap/request.js';
import { Simulator } from '../../../src/simulator/simulator.js';
import { paced } from '../../support/clock.js';
import { stamped } from '../../support/messages.js';

const BASIC = `Basic ${Buffer.from('any:one').toString('base64')}`;

/** How long the event loop may stand still for an input of 1 MB, on a machine as fast as the usual one. */
const LIMIT_MS = 250;

const ask = (simulator: Simulator, body: string) => simulator.handle({ authorization: BASIC, body });

const many = (count: number, one: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => one(n)).join('');
const fill = (piece: string): string => piece.repeat(Math.floor(1_000_000 / piece.length));
const inField = (path: 'MSH-4' | 'PID-3', text: string): string =>
  path === 'MSH-4'
    ? stamped('1').replace('trustalias{trustalias}', text)
    : stamped('1').replace('9990000018^^^NHS^NH', text);
const wrap = (inside: string): string => encodeRequest('').replace('<![CDATA[]]>', inside);

/** Names of segments that all differ. */
const name = (n: number): string => `A${n.toString(36).toUpperCase().padStart(2, '0').slice(-2)}`;

const SHAPES: Record<string, () => string> = {
  'empty elements': () => wrap(fill('<a/>')),
  'open elements': () => wrap(fill('<a>')),
  'attributes in one tag': () => wrap(`<a ${many(60_000, (n) => `b${n}="" `)}/>`),
  'namespaces in one tag': () => wrap(`<a ${many(40_000, (n) => `xmlns:b${n}="c" `)}/>`),
  'namespaces of nested tags': () =>
    wrap(many(40, (n) => `<a${n} ${many(900, (m) => `xmlns:b${m}="c${n}" `)}>`)),
  'errors in XML': () => wrap(fill('<<')),
  'character references': () => wrap(fill('&#65;')),
  'CDATA sections': () => wrap(fill('<![CDATA[a]]>')),
  'ends of CDATA': () => encodeRequest(stamped('1', { more: `NTE|${fill(']]>')}` })),
  comments: () => wrap(fill('<!---->')),
  'processing instructions': () => wrap(fill('<?a?>')),
  'a long name': () => wrap(`<${'a'.repeat(1_000_000)}/>`),
  'braces in MSH-4': () => encodeRequest(inField('MSH-4', '{'.repeat(1_000_000))),
  'braces in PID-3': () => encodeRequest(inField('PID-3', `1^^^NHS^NH${'{'.repeat(1_000_000)}`)),
  'pairs of braces in PID-3': () => encodeRequest(inField('PID-3', `1^^^NHS^NH${fill('{}')}x`)),
  'identifiers in PID-3': () =>
    encodeRequest(
      inField(
        'PID-3',
        many(60_000, (n) => `${n}^^^RXX^MR~`),
      ),
    ),
  'repetitions in PID-3': () => encodeRequest(inField('PID-3', fill('~'))),
  allergies: () => encodeRequest(stamped('1', { more: many(50_000, (n) => `AL1|${n}||A${n}\r`) })),
  diagnoses: () => encodeRequest(stamped('1', { more: many(50_000, (n) => `DG1|${n}||A${n}\r`) })),
  medication: () => encodeRequest(stamped('1', { more: fill('ZRX||A\r') })),
  'reports and results': () =>
    encodeRequest(
      stamped('1', { type: 'ORU^R01', more: `OBR|1||R1||||2026\r${fill('OBR|||R1||||2026\rOBX|1\r')}` }),
    ),
  'segment names that differ': () =>
    encodeRequest(stamped('1', { more: many(200_000, (n) => `${name(n)}|\r`) })),
  'one segment name': () => encodeRequest(stamped('1', { more: fill('PID\r') })),
  'line ends': () => encodeRequest(stamped('1', { more: fill('\r\n') })),
  'line ends of two kinds': () => encodeRequest(stamped('1', { more: `a\r${fill('\n')}` })),
  'field separators': () => encodeRequest(stamped('1', { more: `PV1${fill('|')}` })),
  'separators in the header': () => encodeRequest(`MSH|^~\\&${fill('|')}`),
  'escape characters': () => encodeRequest(stamped('1').replace('Example', fill('\\'))),
  'escape sequences': () => encodeRequest(stamped('1').replace('Example', fill('\\H\\'))),
  'a long control ID': () => encodeRequest(stamped(fill('a&<'))),
  'blanks before the message': () => encodeRequest(fill(' ') + stamped('1')),
  'blanks in the message type': () => encodeRequest(stamped('1', { type: `A${fill(' ')}B` })),
  'digits in a time': () => encodeRequest(stamped('1', { time: fill('1') })),
  'a query of many repetitions': () =>
    encodeRequest(stamped('1', { type: 'QRY^A19', more: `QRD|1|R|I|||${fill('1^RD~')}|${fill('~^')}\r` })),
  'no message': () => fill('<'),
  blanks: () => fill(' '),
};

describe('the simulator and inputs that are made to hurt', function () {
  this.timeout(60_000);

  for (const [what, make] of Object.entries(SHAPES)) {
    it(`answers 1 MB of ${what} in a quarter of a second`, () => {
      const body = make();
      const took = paced(() => ask(new Simulator({}), body));
      assert.ok(took < LIMIT_MS, `${Math.round(took)} ms`);
    });
  }

  it('answers 7,000,000 elements at once', () => {
    const body = wrap('<a/>'.repeat(7_000_000));
    assert.ok(paced(() => ask(new Simulator({}), body)) < LIMIT_MS);
  });

  it('keeps no message alive by what it remembers of it', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const simulator = new Simulator({});
    const used = (): number => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    const before = used();
    for (let n = 0; n < 100; n++) {
      const long = `local-identifier-${n}`;
      const hl7 = stamped(`control-id-of-${n}`, {
        more: `AL1|1||allergy-of-many-letters-${n}\rNTE|1||${'x'.repeat(1_000_000)}\r`,
      }).replace('^^^NHS^NH', `^^^NHS^NH~${long}^^^RXX^MR`);
      ask(simulator, encodeRequest(hl7));
      const letter = `PV1|1|O\rTXA|1|CL||||||||||document-of-many-letters-${n}|||||AU\rOBX|1|ED|||${'x'.repeat(1_000_000)}\r`;
      ask(simulator, encodeRequest(stamped('1', { type: 'MDM^T02', more: letter })));
    }
    const grown = (used() - before) / 2 ** 20;
    assert.ok(grown < 10, `${grown.toFixed(1)} MiB`);
  });
});
