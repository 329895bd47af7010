/** Texts that keep a regular expression busy, made from its source: what it looks for, over and over, and never whole. */
/** Characters of each sort, beside those that the expression names. */
const OTHERS = [' ', '\t', '\n', '\r', 'a', 'A', '1', '.', '-', '"', '@', '/', '\u00e9'];

/** What makes an end that fails; the last one is for expressions that want an end of their own. */
const ENDS = ['', '\0', 'x', '\n!'];

/** One piece of an expression: a character, an escape, a class, or a sign that stands for none. */
const PIECE =
  /\[(?<class>\^?(?:\\.|[^\]\\])*)\]|\\(?:u(?<unicode>[0-9a-f]{4})|x(?<hex>[0-9a-f]{2})|(?<escape>.))|\((?:\?(?::|<?[=!]|<\w+>))?|(?<quantifier>[*+?]|\{\d+(?:,\d*)?\})|(?<sign>[|)^$])|(?<plain>[^])/giu;

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  f: '\f',
  s: ' ',
  d: '1',
  w: 'a',
  S: 'a',
  D: 'a',
  W: ' ',
  b: '',
  B: '',
};

/** A text in three parts, of which the middle one is repeated. */
export interface Attack {
  readonly beginning: string;
  readonly unit: string;
  readonly end: string;
}

/** The text of an attack, of about `size` characters. */
export function textOf({ beginning, unit, end }: Attack, size: number): string {
  return beginning + unit.repeat(Math.ceil(size / unit.length)) + end;
}

/** What is to be tried on an expression. */
export function attacksOn(source: string): Attack[] {
  const { characters, beginnings } = readPattern(source);
  const units = new Set([...characters, ...OTHERS]);
  // Two characters in turn, for expressions that want two: only those that it names, and few of them.
  const named = [...characters].slice(0, 5);
  for (const one of named) for (const other of named) if (one !== other) units.add(one + other);
  // What is found again and again, up to where it fails.
  for (const beginning of beginnings) if (beginning !== '') units.add(beginning);
  return [...units].flatMap((unit) =>
    [...beginnings].flatMap((beginning) => ENDS.map((end) => ({ beginning, unit, end }))),
  );
}

/** The characters that an expression names, and texts that fit its beginning up to each of its quantifiers. */
function readPattern(source: string): { characters: ReadonlySet<string>; beginnings: ReadonlySet<string> } {
  const characters = new Set<string>();
  const beginnings = new Set(['']);
  let sample = '';
  let last = '';
  for (const { groups = {} } of source.matchAll(PIECE)) {
    const { class: members, unicode, hex, escape, quantifier, sign, plain } = groups;
    if (quantifier !== undefined) {
      beginnings.add(sample.slice(0, sample.length - last.length));
      const least = Number(/^\{(\d+)/.exec(quantifier)?.[1] ?? 1);
      sample += last.repeat(Math.max(0, least - 1));
    } else if (sign === '|') {
      beginnings.add(sample);
      sample = '';
    } else if (sign === undefined) {
      const code = unicode ?? hex;
      const character =
        members !== undefined
          ? membersOf(members, characters)
          : code !== undefined
            ? String.fromCharCode(Number.parseInt(code, 16))
            : escape !== undefined
              ? (ESCAPES[escape] ?? escape)
              : plain === '.'
                ? 'a'
                : (plain ?? '');
      last = character;
      sample += character;
      if (character !== '') characters.add(character);
    }
  }
  beginnings.add(sample);
  return { characters, beginnings };
}

/** Notes the members of a class. @returns one character that fits it */
function membersOf(written: string, characters: Set<string>): string {
  const members = [...written.replace(/^\^/, '').matchAll(PIECE)].flatMap(({ groups = {} }) => {
    const { unicode, hex, escape, quantifier, sign, plain } = groups;
    const code = unicode ?? hex;
    if (code !== undefined) return [String.fromCharCode(Number.parseInt(code, 16))];
    return [escape === undefined ? (plain ?? quantifier ?? sign ?? '') : (ESCAPES[escape] ?? escape)];
  });
  for (const member of members) if (member !== '') characters.add(member);
  if (!written.startsWith('^')) return members[0] ?? '';
  return OTHERS.find((other) => !new RegExp(`[${written.slice(1)}]`).test(other)) ?? '';
}
