import assert from 'node:assert/strict';
import { read } from '../../../src/hl7/read.js';
import { MESSAGE_TYPES } from '../../../src/pkb/catalogue.js';
import { compose } from '../../../src/pkb/compose/compose.js';
import { inspect } from '../../../src/pkb/guard/inspect.js';
import { RULES } from '../../../src/pkb/guard/rules/index.js';
import { encodeRequest } from '../../../src/pkb/soap/request.js';
import { SCHEMAS } from '../../../src/pkb/compose/kinds.js';
import { type Received, Simulator } from '../../../src/simulator/simulator.js';
import { instantOf, plain, readingAt } from '../../support/reading.js';
import { COMPOSED_SITUATIONS, SITUATIONS } from './situations.js';
import {
  type Answer,
  type ComposedSituation,
  PATIENTS,
  type Situation,
  type SituationContext,
} from './situations/base.js';

/** What a rule does unless it is told otherwise, for the rules whose action the situations rest on. */
const ACTIONS: Readonly<Record<string, 'flag' | 'block'>> = {
  'header.clock-times': 'flag',
  'header.sending-application': 'flag',
  'identity.nhs-status-missing': 'flag',
  'identity.nhs-status-unverified': 'flag',
  'identity.local-only': 'flag',
  'identity.new-patient': 'flag',
  'identity.two-nhs-numbers': 'block',
  'identity.nhs-type': 'flag',
  'identity.nhs-blanks': 'flag',
  'identity.birth-date-partial': 'flag',
  'identity.nulls': 'flag',
  'overwriting.teams': 'block',
  'overwriting.next-of-kin': 'flag',
  'overwriting.gp': 'flag',
  'type.appointment-location': 'block',
  'type.lab-reports': 'block',
  'type.lab-test-twice': 'block',
  'type.care-plan-fields': 'block',
  'type.care-plan-content': 'block',
  'type.document-content': 'block',
  'type.radiology-fields': 'block',
  'datapoint.orc-obr-radiology': 'flag',
};

const BASIC = `Basic ${Buffer.from('partner:testing').toString('base64')}`;
const customer = { alias: 'trustalias' };

/** The ids of the rules that find something, each once. */
function found(hl7: string, context: SituationContext = {}): string[] {
  return [...new Set(inspect(hl7, {}, context).findings.map(({ rule }) => rule))].toSorted();
}

type Circumstances = Pick<Situation, 'stranger' | 'autoCreate' | 'after' | 'effect'>;

/** Asks the simulator, in the circumstances of a row. */
function ask(hl7: string, { stranger, autoCreate, after = [] }: Circumstances): Received {
  const simulator = new Simulator({ patients: stranger ? [] : PATIENTS, autoCreate });
  const post = (text: string): Received => {
    const { received } = simulator.handle({ authorization: BASIC, body: encodeRequest(text) });
    assert.ok(received);
    return received;
  };
  for (const earlier of after) assert.equal(post(earlier).code, 'AA', 'what was sent before is accepted');
  return post(hl7);
}

function checkAnswer(hl7: string, pkb: Answer | undefined, circumstances: Circumstances): void {
  if (pkb === undefined) return;
  const { code, held, text, effects } = ask(hl7, circumstances);
  assert.equal(held ? 'held' : code, pkb, text);
  if (circumstances.effect)
    assert.match(effects.map((effect) => effect.text).join(' '), circumstances.effect);
}

const rows: readonly Situation[] = Object.values(SITUATIONS).flat();
const composed: readonly ComposedSituation[] = Object.values(COMPOSED_SITUATIONS).flat();
const all = [...rows, ...composed];

for (const [area, situations] of Object.entries(SITUATIONS)) {
  describe(`situations: ${area}`, () => {
    for (const row of situations) {
      it(`${row.it} [${row.mark}, ${row.page}]`, () => {
        assert.deepEqual(found(row.message, row.context), [...row.finds].toSorted());
        checkAnswer(row.message, row.pkb, row);
      });
    }
  });
}

for (const [area, situations] of Object.entries(COMPOSED_SITUATIONS)) {
  describe(`situations: ${area}`, () => {
    for (const row of situations) {
      it(`${row.it} [${row.mark}, ${row.page}]`, () => {
        const hl7 = compose(row.fields, { customer });
        const at = readingAt(hl7);
        for (const [path, value] of Object.entries(row.says)) assert.equal(plain(at(path)), value, path);
        for (const [path, iso] of Object.entries(row.means ?? {}))
          assert.equal(instantOf(at(path)), Date.parse(iso), `${path} is ${at(path)}`);
        assert.deepEqual(found(hl7), [...row.finds].toSorted());
        checkAnswer(hl7, row.pkb, row);
      });
    }
  });
}

describe('the table of situations', () => {
  it('has 150 rows at least, each with a title of its own and a page', () => {
    assert.ok(all.length >= 150, String(all.length));
    const titles = all.map((row) => row.it);
    assert.deepEqual(
      titles.filter((title, i) => titles.indexOf(title) !== i),
      [],
    );
    for (const { it: title, page } of all)
      assert.match(page, /^(?:\d{10}(?:, \d{10})*|roadmap, [a-z1-]+|XML 1\.0.*|NHS Data Dictionary)$/, title);
  });

  it('has a row of every message type, and of every kind that can be composed three', () => {
    const seen = new Set(
      rows.map(({ message }) => `${read(message, 'MSH-9.1')}^${read(message, 'MSH-9.2')}`),
    );
    assert.deepEqual(
      MESSAGE_TYPES.map(({ type }) => type).filter((type) => !seen.has(type)),
      [],
      'message types of catalogue.ts without a situation in test/unit/pkb/situations/',
    );
    const fewer = Object.keys(SCHEMAS).filter(
      (kind) => composed.filter(({ fields }) => fields.kind === kind).length < 3,
    );
    assert.deepEqual(fewer, [], 'kinds with fewer than three situations in situations/composed*.ts');
  });

  for (const id of new Set([...RULES.map((rule) => rule.id), ...Object.keys(ACTIONS)])) {
    it(`has a situation that ${id} finds, and a near miss that it does not`, () => {
      assert.ok(
        all.some(({ finds }) => finds.includes(id)),
        `no situation in test/unit/pkb/situations/ has ${id} in its finds`,
      );
      assert.ok(
        all.some(({ near, finds }) => near === id && !finds.includes(id)),
        `no situation in test/unit/pkb/situations/ has near: '${id}', and finds something else or nothing`,
      );
    });
  }

  it('marks no rule as surer than its surest situation', () => {
    const sure = ['U', 'I', 'D'];
    for (const { id, mark } of RULES) {
      const marks = all.filter(({ finds }) => finds.includes(id)).map((row) => sure.indexOf(row.mark));
      const surest = sure[Math.max(...marks)];
      assert.ok(
        surest !== undefined && sure.indexOf(mark) <= sure.indexOf(surest),
        `${id} is marked ${mark}, but its situations at most ${surest ?? '(it has none)'}: D is surer than I, and I than U`,
      );
    }
  });

  it('names no rule that there is not', () => {
    const known = new Set(RULES.map((rule) => rule.id));
    const named = new Set(all.flatMap(({ finds, near }) => (near === undefined ? finds : [...finds, near])));
    assert.deepEqual(
      [...named].filter((id) => !known.has(id)),
      [],
    );
  });

  for (const [id, action] of Object.entries(ACTIONS)) {
    it(`${action}s by ${id} unless told otherwise`, () =>
      assert.equal(RULES.find((rule) => rule.id === id)?.defaultAction, action));
  }
});
