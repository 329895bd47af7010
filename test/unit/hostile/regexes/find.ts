/** The regular expressions of the sources, found by reading them as far as it takes to tell one from a division. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One regular expression. */
export interface Found {
  /** Such as `src/hl7/ack.ts:30`. */
  readonly where: string;
  readonly source: string;
  readonly flags: string;
}

const ROOT = join(__dirname, '../../../..');
const CODE = ['src/**/*.ts', 'nodes/**/*.ts', 'scripts/**/*.mjs', 'nodes/*.html', 'bench/**/*.{ts,cjs}'];
const SCHEMAS = 'src/pkb/compose/schemas/*.json';

/** All regular expressions: literals, and the patterns of the schemas. */
export function findAll(): Found[] {
  const code = globSync(CODE, { cwd: ROOT }).toSorted();
  return [
    ...code.flatMap((file) => literalsIn(scriptsOf(file, readFileSync(join(ROOT, file), 'utf8')), file)),
    ...globSync(SCHEMAS, { cwd: ROOT })
      .toSorted()
      .flatMap((file) => patternsIn(JSON.parse(readFileSync(join(ROOT, file), 'utf8')), file)),
  ];
}

/** Of a page only what is in script elements, each line at its place. */
function scriptsOf(file: string, text: string): string {
  if (!file.endsWith('.html')) return text;
  const blank = (part: string): string => part.replaceAll(/[^\n]/g, ' ');
  return text
    .split(/(<script type="text\/javascript">[^]*?<\/script>)/)
    .map((part, i) => (i % 2 === 1 ? part.replaceAll(/<\/?script[^>]*>/g, blank) : blank(part)))
    .join('');
}

/** The pieces of JavaScript that a regular expression can be told by; each is tried where the one before has ended. */
const PIECES = {
  blank: /\s+/y,
  comment: /^#![^\n]*|\/\/[^\n]*|\/\*[^]*?\*\//y,
  string: /'(?:[^'\\]|\\[^])*'|"(?:[^"\\]|\\[^])*"/y,
  word: /[\w$#@]+/y,
  literal:
    /\/((?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[*\n])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])*)\/([a-z]*)/y,
  sign: /[^]/y,
};

/** Words that a value follows, so that a slash behind them does not divide. */
const BEFORE_VALUE = new Set('return typeof case in of delete void throw do else yield await'.split(' '));

/** The literals in a text of JavaScript or TypeScript. */
export function literalsIn(code: string, file: string): Found[] {
  const found: Found[] = [];
  /** For each curly bracket that is open, whether it stands in a template. */
  const open: boolean[] = [];
  let at = 0;
  let dividing = false;
  const take = (piece: RegExp): RegExpExecArray | null => {
    piece.lastIndex = at;
    const match = piece.exec(code);
    if (match !== null) at = piece.lastIndex;
    return match;
  };
  /** Goes to the end of a template, or into what stands in it. */
  const template = (): void => {
    take(/(?:[^`\\$]|\\[^]|\$(?!\{))*/y);
    const within = take(/`|\$\{/y)?.[0] === '${';
    if (within) open.push(true);
    dividing = !within;
  };
  while (at < code.length) {
    const start = at;
    if (take(PIECES.blank) ?? take(PIECES.comment)) continue;
    const word = take(PIECES.word)?.[0];
    if (word !== undefined) {
      dividing = !BEFORE_VALUE.has(word);
    } else if (take(PIECES.string)) {
      dividing = true;
    } else if (!dividing && code[at] === '/') {
      const [, source = '', flags = ''] = take(PIECES.literal) ?? take(PIECES.sign) ?? [];
      const line = code.slice(0, start).split('\n').length;
      if (source !== '') found.push({ where: `${file}:${line}`, source, flags });
      dividing = true;
    } else {
      const sign = take(PIECES.sign)?.[0] ?? '';
      dividing = [')', ']', '}'].includes(sign);
      if (sign === '{') open.push(false);
      if (sign === '`' || (sign === '}' && open.pop() === true)) template();
    }
  }
  return found;
}

/** Every `pattern` of a schema. */
function patternsIn(schema: unknown, file: string): Found[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([name, value]: [string, unknown]) =>
    name === 'pattern' && typeof value === 'string'
      ? [{ where: file, source: value, flags: 'u' }]
      : patternsIn(value, file),
  );
}
