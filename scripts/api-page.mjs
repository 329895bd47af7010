// Makes the page on the public library from its docstrings, as they stand in the declarations of the built code.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const declarations = join(dirname(fileURLToPath(import.meta.url)), '../dist/src');

/** A table of data is named; who wants its rows looks at the page that is made from it. */
const LONGEST = 40;

/** What index.ts exports: `{ file, names }` in its order; no names stand for all of a file. */
function exportsOf(index) {
  const statements = index.matchAll(/^export (?:type )?(?:\*|\{([^}]*)\}) from '\.\/(.*)\.js';$/gm);
  return [...statements].map(([, names, file]) => ({
    file,
    names: names
      ?.split(',')
      .map((name) => name.replace('type ', '').trim())
      .filter((name) => name !== ''),
  }));
}

/** A docstring without its stars and indentation. */
function wordsOf(comment) {
  return comment
    .replace(/^\/\*\*/, '')
    .replace(/\*\/$/, '')
    .replaceAll(/^ *\* ?/gm, '')
    .replaceAll(/\{@link ([^{}]{1,100})\}/g, '`$1`')
    .trim();
}

/** The exported declarations of one file by name: their docstrings, and their texts (several for overloads). */
function declarationsOf(text) {
  const found = new Map();
  let comment = '';
  // Declarations stand at the beginning of a line, and so do the comments before them; what they hold is indented.
  for (const block of text.split(/^(?=\/\*\*|export )/m)) {
    if (block.startsWith('/**')) comment = block;
    const [, name] =
      /^export (?:declare )?(?:abstract )?(?:const|class|function|interface|type) (\w+)/.exec(block) ?? [];
    if (name === undefined) continue;
    const known = found.get(name) ?? { words: comment === '' ? '' : wordsOf(comment.trim()), texts: [] };
    known.texts.push(block.replace(/^export (?:declare )?/, '').trim());
    found.set(name, known);
    comment = '';
  }
  return found;
}

/** Docstring in Markdown: the text, then parameters, result and errors as a list. */
function described(words) {
  const [text = '', ...tags] = words.split(/^@/m);
  const list = tags.map((tag) => {
    const [, kind = '', rest = ''] = /^(\w+)\s+([\s\S]*)$/.exec(tag) ?? [];
    const flat = rest.replaceAll(/\s+/g, ' ').trim();
    if (kind !== 'param') return `- ${kind === 'throws' ? 'throws' : 'gives'} ${flat}`;
    const [name, ...more] = flat.split(' ');
    return `- \`${name}\`: ${more.join(' ')}`;
  });
  return [text.trim(), list.join('\n')].filter((part) => part !== '').join('\n\n');
}

function codeOf(texts) {
  const lines = texts
    .join('\n')
    .split('\n')
    .filter((line) => !line.includes('#private;'))
    .map((line) =>
      line.replace(/^( +)/, ({ length }) => ' '.repeat(Math.floor(length / 4) * 2 + (length % 4))),
    );
  const shown = lines.length > LONGEST && texts[0]?.startsWith('const') ? [`${lines[0]} … }`] : lines;
  return `\`\`\`ts\n${shown.join('\n')}\n\`\`\``;
}

/** The page, for `docs/library.md`. @throws Error where something exported has no docstring */
export function apiPage() {
  const sections = exportsOf(readFileSync(join(declarations, 'index.d.ts'), 'utf8')).flatMap(
    ({ file, names }) => {
      if (names === undefined) return [];
      const declared = declarationsOf(readFileSync(join(declarations, `${file}.d.ts`), 'utf8'));
      return names.map((name) => {
        const [inside = '', outside = inside] = name.split(' as ');
        const declaration = declared.get(inside);
        if (declaration === undefined || declaration.words === '')
          throw new Error(`${inside} of ${file} has no docstring`);
        return `## ${outside}\n\n${described(declaration.words)}\n\n${codeOf(declaration.texts)}\n`;
      });
    },
  );
  return `# The library

What a Function node or a program may import from \`@pkb-partner/node-red-pkb\`. Nothing else of the package can be imported. All of
it is pure and synchronous, but for \`startSimulator\`, and for \`stamp\` and \`compose\` where they are given neither \`newId\` nor \`now\`: then
they ask for a random UUID and the time. The types of the fields that \`compose\` takes are those of
[compose.md](compose.md); their JSON schemas are under \`@pkb-partner/node-red-pkb/schemas/\`.

${sections.join('\n')}`;
}
