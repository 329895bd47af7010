import assert from 'node:assert/strict';
import { SYSTEMS } from '../../../../src/simulator/fhir/patients.js';
import { NHS_NUMBERS, stamped } from '../../../support/messages.js';
import { ALEX, asked, INVITATIONS, NHS, outcomeOf, parameters, resultsOf, STATUS } from './asking.js';

const [ALEXS, SECOND, THIRD, FOURTH, FIFTH] = NHS_NUMBERS;
const NOW = (): Date => new Date('2026-01-31T09:30:00Z');
const PATIENTS = [
  ALEX,
  { nhsNumber: SECOND, birthDate: '1985-06-15', registered: false },
  { nhsNumber: THIRD, birthDate: '1990-12-01', registered: false, deceased: true },
  { nhsNumber: FOURTH, birthDate: '1975-03-09', registered: false, noAccess: true },
];
const of = (...numbers: string[]): object =>
  parameters(
    'patientIdentifier',
    numbers.map((value) => ({ system: NHS, value })),
  );
const made = (nhs: string, birthDate: string, more = ''): string =>
  stamped('1', { nhs }).replace('19700101|U', `${birthDate}|U${more}`);

describe('$status-query of the simulator', () => {
  const { post, send } = asked({ patients: PATIENTS, now: NOW });
  const statuses = (...numbers: string[]) =>
    Object.fromEntries(
      resultsOf(post(STATUS, of(...numbers))).map(({ patientIdentifier, ...rest }) => {
        assert.equal(patientIdentifier.system, NHS);
        return [patientIdentifier.value as string, rest];
      }),
    );

  it('tells registration, death and date of birth, or why not', () => {
    assert.deepEqual(statuses(ALEXS, SECOND, THIRD, FOURTH, FIFTH), {
      [ALEXS]: { deceased: false, registered: true, dateOfBirth: '1970-01-01' },
      [SECOND]: { deceased: false, registered: false, dateOfBirth: '1985-06-15' },
      [THIRD]: { deceased: true, registered: false, dateOfBirth: '1990-12-01' },
      [FOURTH]: { deceased: false, registered: false, diagnostics: 'No access' },
      [FIFTH]: { diagnostics: 'Not found' },
    });
  });

  it('knows whom an A28 has created, and who has died since', () => {
    send(made(FIFTH, ''));
    assert.deepEqual(statuses(FIFTH), { [FIFTH]: { deceased: false, registered: false } });
    send(made(FIFTH, '20000101', `${'|'.repeat(22)}Y`));
    assert.deepEqual(statuses(FIFTH), {
      [FIFTH]: { deceased: true, registered: false, dateOfBirth: '2000-01-01' },
    });
    send(made(FIFTH, '20000101', `${'|'.repeat(22)}N`));
    assert.equal(statuses(FIFTH)[FIFTH]?.['deceased'], false);
  });

  it('finds nobody by the other systems, and rejects the whole request for a system that PKB does not take', () => {
    const ask = (system: string) =>
      post(
        STATUS,
        parameters('patientIdentifier', [
          { system: NHS, value: ALEXS },
          { system, value: ALEXS },
        ]),
      );
    for (const system of [SYSTEMS.chi, SYSTEMS.healthAndCare]) {
      const found = resultsOf(ask(system));
      assert.equal(
        found.find(({ patientIdentifier }) => patientIdentifier.system === system)?.['diagnostics'],
        'Not found',
      );
    }
    for (const system of ['urn:x', '', 'constructor']) {
      const answer = ask(system);
      assert.deepEqual([answer.status, outcomeOf(answer).issue], [400, 'not-supported']);
    }
  });

  it('takes 5,000 patients at most', () => {
    const many = (count: number) => of(...Array.from({ length: count }, (_, n) => String(n)));
    assert.equal(resultsOf(post(STATUS, many(5000))).length, 5000);
    assert.equal(post(STATUS, many(5001)).status, 400);
  });
});

describe('$generate-invitation-tokens of the simulator', () => {
  const invited = (numbers: readonly string[], send: readonly string[] = []) => {
    const asking = asked({ patients: PATIENTS, now: NOW });
    for (const hl7 of send) assert.equal(asking.send(hl7).code, 'AA');
    return resultsOf(asking.post(INVITATIONS, of(...numbers)));
  };

  it('gives codes and their end to those who can be invited, and leaves out everybody else', () => {
    const found = invited([ALEXS, SECOND, THIRD, FOURTH, FIFTH]);
    assert.equal(found.length, 1);
    const [{ patientIdentifier, code, token, expiry } = {}] = found;
    assert.deepEqual(patientIdentifier, { system: NHS, value: SECOND });
    for (const secret of [code, token]) assert.match(secret, /^[A-Z2-9]{10}$/);
    assert.equal(expiry, '2026-04-11T09:30:00.000+00:00');
    assert.notEqual(code, invited([SECOND])[0]?.['code']);
    assert.notEqual(code, token);
  });

  it('leaves out who has no date of birth, and who is under 16 today', () => {
    assert.deepEqual(invited([FIFTH], [made(FIFTH, '')]), []);
    assert.deepEqual(invited([FIFTH], [made(FIFTH, '20100201')]), []);
    assert.equal(invited([FIFTH], [made(FIFTH, '20100131')]).length, 1);
  });

  it('takes 500 patients at most', () => {
    const { post } = asked({ patients: PATIENTS });
    const many = (count: number) => of(...Array.from({ length: count }, (_, n) => String(n)));
    assert.deepEqual(resultsOf(post(INVITATIONS, many(500))), []);
    const refused = post(INVITATIONS, many(501));
    assert.equal(refused.status, 400);
    assert.match(outcomeOf(refused).text, /at most 500/);
  });
});
