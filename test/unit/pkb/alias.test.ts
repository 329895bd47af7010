import assert from 'node:assert/strict';
import { type AliasFault, aliasFault, checkCustomer, sendingFacility } from '../../../src/pkb/alias.js';

/** What is said of each fault. */
const WORDS: Readonly<Record<AliasFault, RegExp>> = {
  blank: /is blank/,
  character: /holds one of \{ } \| \^ & ~ \\/,
  unseen: /white space, an invisible character or one that only looks like a letter/,
  long: /longer than 180 characters/,
};

/** Asserts that an alias is refused with its own words, in both places, and never quoted. */
function refuses(alias: string, fault: AliasFault): void {
  const shown = JSON.stringify(alias);
  assert.equal(aliasFault(alias), fault, shown);
  const isRefused = (what: string, customer: Parameters<typeof sendingFacility>[0]): void =>
    assert.throws(
      () => sendingFacility(customer),
      ({ code, message }: Error & { code: string }) => {
        assert.equal(code, 'PKB_ALIAS', shown);
        assert.match(message, WORDS[fault], shown);
        assert.ok(message.startsWith(`The Customer's ${what} `), message);
        assert.ok(alias.trim().length < 3 || !message.includes(alias), message);
        return true;
      },
    );
  isRefused('alias', { alias });
  // A data-controller alias that is left out is the alias.
  if (alias !== '') isRefused('data-controller alias', { alias: 'trust', controllerAlias: alias });
}

/** Every code point that a test wants, as a character. */
function* characters(wanted: (character: string) => boolean): Generator<string> {
  for (let code = 0; code <= 0x10ffff; code++) {
    const character = String.fromCodePoint(code);
    if (wanted(character)) yield character;
  }
}

const name = (character: string): string => `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()}`;

describe('an alias', () => {
  for (const alias of [
    'trustalias',
    'TrustAlias',
    'a',
    '7',
    '0012',
    'trust-2',
    'trust_2',
    'nhs.trust.north',
    'a-b_c.d',
    "st.mary's",
    'a+b',
    'a@b',
    'a(b)',
    'a/b',
    'ysbyty-gŵynedd',
    'Ŷsbyty',
    'âêîôûŵŷ',
    'szpital-łódź',
    'x'.repeat(180),
  ]) {
    it(`is taken: ${alias.slice(0, 20)}`, () => {
      assert.equal(aliasFault(alias), undefined);
      assert.equal(sendingFacility({ alias }), `${alias}{${alias}}`);
      assert.equal(sendingFacility({ alias: 'trust', controllerAlias: alias }), `trust{${alias}}`);
      assert.equal(checkCustomer({ alias, controllerAlias: alias }).alias, alias);
    });
  }

  for (const alias of ['', ' ', '\t', '\r\n', '\u00a0', '\u3000', '\ufeff', '\u2028'])
    it(`is refused that is blank: ${JSON.stringify(alias)}`, () => refuses(alias, 'blank'));

  for (const character of ['{', '}', '|', '^', '&', '~', '\\'])
    it(`is refused that holds ${character}`, () => {
      for (const alias of [character, `${character}trust`, `tr${character}ust`, `trust${character}`])
        refuses(alias, 'character');
    });

  for (const [what, character] of [
    ['a blank', ' '],
    ['a tab', '\t'],
    ['CR', '\r'],
    ['LF', '\n'],
    ['a no-break space', '\u00a0'],
    ['a zero-width space', '\u200b'],
    ['a zero-width joiner', '\u200d'],
    ['a right-to-left override', '\u202e'],
    ['a right-to-left isolate', '\u2067'],
    ['a soft hyphen', '\u00ad'],
    ['a byte order mark', '\ufeff'],
    ['a line separator', '\u2028'],
    ['a tag character', '\u{e0061}'],
    ['a character for private use', '\ue000'],
    ['a code point that is not assigned', '\u0378'],
    ['half of a surrogate pair', '\ud83d'],
    ['a full-width letter', 'ａ'],
    ['a full-width digit', '７'],
    ['a ligature', 'ﬁ'],
    ['a Roman numeral of one character', 'Ⅳ'],
    ['a letter with its accent apart', 'w\u0302'],
    ['a superscript', '²'],
  ] as const) {
    it(`is refused that holds ${what}`, () => {
      for (const alias of [`${character}trust`, `tr${character}ust`, `trust${character}`])
        refuses(alias, 'unseen');
    });
  }

  it('is refused with any control, format, unassigned, private or blank character of Unicode', () => {
    let count = 0;
    for (const character of characters((one) => /[\p{C}\p{Z}]/u.test(one))) {
      count++;
      if (aliasFault(`a${character}b`) !== 'unseen') assert.fail(name(character));
    }
    assert.ok(count > 100_000);
  });

  it('is refused with any character that is another in compatibility form', () => {
    let count = 0;
    for (const character of characters((one) => one.isWellFormed() && one.normalize('NFKC') !== one)) {
      count++;
      if (aliasFault(`a${character}b`) !== 'unseen') assert.fail(name(character));
    }
    assert.ok(count > 3000);
  });

  it('is refused with any character that is drawn as nothing', () => {
    const taken: string[] = [];
    for (const character of characters((one) => /[\p{Default_Ignorable_Code_Point}\u2800]/u.test(one)))
      if (aliasFault(`a${character}b`) !== 'unseen') taken.push(name(character));
    assert.equal(taken.length, 0, `${taken.length} are taken, such as ${taken.slice(0, 10).join(' ')}`);
  });

  it('is refused of 181 characters', () => {
    refuses('x'.repeat(181), 'long');
    refuses('ŵ'.repeat(181), 'long');
  });

  it('is refused that is no text', () => {
    for (const alias of [undefined, null, 7, true, {}, ['trust']]) assert.equal(aliasFault(alias), 'blank');
  });

  it('that is an environment variable which is not set says so', () => {
    assert.throws(() => sendingFacility({ alias: '${TRUST}' }), {
      code: 'PKB_ALIAS',
      message: /environment variable .* alias is not set/,
    });
  });
});
