import assert from 'node:assert/strict';
import { paced } from '../../../support/clock.js';
import { asked, INVITATIONS, NHS, outcomeOf, READ, RECEIPTS, STATUS } from './asking.js';

/** How long the event loop may stand still for an input of 1 MB, on a machine as fast as the usual one. */
const LIMIT_MS = 250;

const fill = (piece: string): string => piece.repeat(Math.floor(1_000_000 / piece.length));
const PARAMETERS = '{"resourceType":"Parameters","parameter":';
const ID = '{"name":"documentIdentifier","valueIdentifier":{"value":"x"}}';

/** Bodies that are refused in words, and the words. */
const REFUSED: Record<string, [body: string | Buffer, words: RegExp]> = {
  nothing: ['', /must be JSON/],
  'no JSON': ['{', /must be JSON/],
  XML: ['<Parameters/>', /must be JSON/],
  'bytes that are no UTF-8': [Buffer.from([0x22, 0xff, 0x22]), /must be JSON in UTF-8/],
  null: ['null', /resourceType Parameters/],
  'a number': ['7', /resourceType Parameters/],
  'a list': ['[]', /resourceType Parameters/],
  'another resource': ['{"resourceType":"Bundle"}', /resourceType Parameters/],
  'an inherited resource type': ['{"__proto__":{"resourceType":"Parameters"}}', /resourceType Parameters/],
  'no parameter': ['{"resourceType":"Parameters"}', /At least one documentIdentifier/],
  'an empty list of parameters': [`${PARAMETERS}[]}`, /At least one documentIdentifier/],
  'one parameter': [`${PARAMETERS}${ID}}`, /parameter must be a list/],
  'a text for parameters': [`${PARAMETERS}"x"}`, /parameter must be a list/],
  'null for parameters': [`${PARAMETERS}null}`, /parameter must be a list/],
  'null as a parameter': [`${PARAMETERS}[${ID},null]}`, /parameter\[1\] must be an object/],
  'a list as a parameter': [`${PARAMETERS}[[]]}`, /parameter\[0\] must be an object/],
  'a parameter without a name': [`${PARAMETERS}[{}]}`, /must have the name documentIdentifier/],
  'an inherited name': [
    `${PARAMETERS}[{"name":"__proto__","valueIdentifier":{"value":"x"}}]}`,
    /must have the name documentIdentifier/,
  ],
  'a name of another type': [`${PARAMETERS}[{"name":["documentIdentifier"]}]}`, /must have the name/],
  'no value': [`${PARAMETERS}[{"name":"documentIdentifier"}]}`, /exactly one value/],
  'two values': [
    `${PARAMETERS}[{"name":"documentIdentifier","valueString":"x","valueIdentifier":{"value":"x"}}]}`,
    /exactly one value/,
  ],
  'a value and parts': [
    `${PARAMETERS}[{"name":"documentIdentifier","valueString":"x","part":[]}]}`,
    /exactly one/,
  ],
  'a value of another type': [`${PARAMETERS}[{"name":"documentIdentifier","valueCode":"x"}]}`, /exactly one/],
  'a member __proto__': [
    `${PARAMETERS}[{"name":"documentIdentifier","__proto__":{"value":"x"}}]}`,
    /exactly one/,
  ],
  'an identifier that is null': [
    `${PARAMETERS}[{"name":"documentIdentifier","valueIdentifier":null}]}`,
    /an object/,
  ],
  'an identifier that is text': [
    `${PARAMETERS}[{"name":"documentIdentifier","valueIdentifier":"x"}]}`,
    /an object/,
  ],
  'an identifier without a value': [
    `${PARAMETERS}[{"name":"documentIdentifier","valueIdentifier":{}}]}`,
    /a value/,
  ],
  'a blank value': [`${PARAMETERS}[{"name":"documentIdentifier","valueString":" "}]}`, /a value/],
  'a number as value': [`${PARAMETERS}[{"name":"documentIdentifier","valueString":7}]}`, /a value/],
  'a number as system': [
    `${PARAMETERS}[{"name":"documentIdentifier","valueIdentifier":{"system":7,"value":"x"}}]}`,
    /system as text/,
  ],
  'a long value': [
    `${PARAMETERS}[{"name":"documentIdentifier","valueString":"${'x'.repeat(1001)}"}]}`,
    /longer/,
  ],
};

describe('the FHIR operations and inputs that are made to hurt', function () {
  this.timeout(60_000);

  for (const [what, [body, words]] of Object.entries(REFUSED)) {
    it(`refuse ${what} with 400, in words`, () => {
      const answer = asked().postBody(RECEIPTS, Buffer.from(body));
      assert.equal(answer.status, 400);
      assert.match(outcomeOf(answer).text, words);
    });
  }

  it('find nothing by the names that every object inherits', () => {
    const { receipts } = asked();
    assert.equal(receipts(['__proto__', 'constructor', 'toString', 'hasOwnProperty']).size, 0);
  });

  it('refuse a body of more than 4 MiB, also where it is read already', () => {
    const { simulator, postBody } = asked();
    assert.equal(simulator.api.most(RECEIPTS), 4 * 2 ** 20);
    assert.equal(postBody(RECEIPTS, Buffer.alloc(4 * 2 ** 20 + 1, ' ')).status, 413);
  });

  it('take JSON that is parsed already, and refuse what is none', () => {
    const { postBody } = asked();
    const parsed = JSON.parse(`${PARAMETERS}[${ID}]}`) as unknown;
    assert.equal(postBody(RECEIPTS, { parsed }).status, 200);
    for (const other of [undefined, null, 7, 'x', [], () => undefined])
      assert.equal(postBody(RECEIPTS, { parsed: other }).status, 400);
  });

  const DEEP: Record<string, string> = {
    lists: fill('['),
    'closed lists': `${'['.repeat(500_000)}${']'.repeat(500_000)}`,
    objects: fill('{"a":'),
    'lists of parameters': `${PARAMETERS}${'['.repeat(400_000)}${']'.repeat(400_000)}}`,
    'objects in an identifier': `${PARAMETERS}[{"name":"documentIdentifier","valueIdentifier":{"value":${'{"value":'.repeat(50_000)}1${'}'.repeat(50_000)}}}]}`,
    'parts in parts': `${PARAMETERS}${'[{"name":"a","part":'.repeat(40_000)}1${'}]'.repeat(40_000)}}`,
  };
  for (const [what, body] of Object.entries(DEEP)) {
    it(`refuse a depth of ${what} in words, at every operation`, () => {
      const { postBody } = asked();
      for (const path of [RECEIPTS, STATUS, INVITATIONS, READ]) {
        const answer = postBody(path, Buffer.from(body));
        assert.equal(answer.status, 400);
        assert.match(outcomeOf(answer).text, /\.$/);
      }
    });
  }

  const SHAPES: Record<string, string> = {
    ...DEEP,
    'names that differ': `{${Array.from({ length: 80_000 }, (_, n) => `"a${n}":1`).join()}}`,
    'names in one parameter': `${PARAMETERS}[{${Array.from({ length: 80_000 }, (_, n) => `"a${n}":1`).join()}}]}`,
    parameters: `${PARAMETERS}[${Array.from({ length: 15_000 }, () => ID).join()}]}`,
    'a long value': `${PARAMETERS}[{"name":"documentIdentifier","valueString":"${fill('x')}"}]}`,
    'escapes in a value': `${PARAMETERS}[{"name":"documentIdentifier","valueString":"${fill('\\u0041')}"}]}`,
    blanks: fill(' '),
    digits: fill('9'),
  };
  for (const [what, body] of Object.entries(SHAPES)) {
    it(`answer 1 MB of ${what} in a quarter of a second`, () => {
      const { postBody } = asked();
      const bytes = Buffer.from(body);
      const took = paced(() => postBody(RECEIPTS, bytes));
      assert.ok(took < LIMIT_MS, `${Math.round(took)} ms`);
    });
  }

  it('answer 5,000 patients in a quarter of a second', () => {
    const { post } = asked();
    const parameter = Array.from({ length: 5000 }, (_, n) => ({
      name: 'patientIdentifier',
      valueIdentifier: { system: NHS, value: String(n) },
    }));
    const took = paced(() => post(STATUS, { resourceType: 'Parameters', parameter }));
    assert.ok(took < LIMIT_MS, `${Math.round(took)} ms`);
  });

  it('read a long header in no time', () => {
    const { post } = asked();
    for (const authorization of [`Bearer ${fill('a')}`, `Bearer ${fill('a.')}`, fill('Bearer ')]) {
      const took = paced(() => post(RECEIPTS, {}, { authorization }));
      assert.ok(took < LIMIT_MS, `${Math.round(took)} ms`);
    }
  });
});
