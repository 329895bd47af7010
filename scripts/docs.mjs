// Writes the documentation pages that are made from tables in the code. `node scripts/docs.mjs` after a build; a test
// keeps them in step.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const docs = join(dirname(fileURLToPath(import.meta.url)), '../docs');
const require = createRequire(import.meta.url);

/** A Markdown table. */
function table(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** The generated pages by file name, made from the built code. */
export function pages() {
  const { ERROR_CODES } = require('../dist/src/errors.js');
  const { DATA_POINT_FIELDS, MESSAGE_TYPES } = require('../dist/src/pkb/catalogue.js');
  const { RULES } = require('../dist/src/pkb/guard/rules/index.js');
  const { OUTCOMES } = require('../dist/src/delivery/outcome.js');
  return {
    'errors.md': `# Errors

Every error that a node reports to Catch, or that the library throws, has a stable code: \`msg.error.code\` in a flow,
\`error.code\` in a program. No error holds a value of a message or a credential.

${table(
  ['code', 'class', 'what happened', 'what to do'],
  Object.entries(ERROR_CODES).map(([code, row]) => [`\`${code}\``, row.class, row.means, row.remedy]),
)}
`,
    'message-types.md': `# Message types

What PKB takes, where the data point ID of each stands, and what happens when the same ID is sent again. Anything else is
rejected ("Unknown messageType received from HL7"). The last column gives the page ids of PKB's wiki
(\`https://wiki.hub.patientsknowbest.com/wiki/spaces/api/pages/<id>\`).

${table(
  ['type', 'what', 'data point ID', 'sent again', 'taken back by', 'source'],
  MESSAGE_TYPES.map((row) => [
    `\`${row.type}\``,
    row.title,
    DATA_POINT_FIELDS[row.family].join(' = ') || '–',
    row.again,
    row.undo ? `\`${row.undo}\`` : '–',
    row.source,
  ]),
)}
`,
    'rules.md': `# Rules of the guard

What \`pkb-guard\` (and \`inspect()\`) looks for. Each rule can be set to \`off\`, \`flag\`, \`block\` and, where it is about whole
segments, \`strip\`. No finding holds a value of the message.

${table(
  ['rule', 'what', 'looks at', 'severity', 'default', 'can strip', 'why', 'source'],
  RULES.map((rule) => [
    `\`${rule.id}\``,
    rule.title,
    rule.appliesTo,
    rule.severity,
    rule.defaultAction,
    rule.strips ? 'yes' : '',
    rule.why,
    rule.source,
  ]),
)}

Two findings are not rules and always block: \`form.unreadable\` (the text is no HL7 message that can be sent) and
\`form.defect\` (a rule failed on the message; please report it).
`,
    'outcomes.md': `# Outcomes

Every attempt to send a message ends in exactly one of these.

${table(
  ['outcome', 'what was seen', 'what it means', 'what this package does', 'what you should do'],
  Object.values(OUTCOMES).map((row) => [`\`${row.name}\``, row.seen, row.means, row.weDo, row.youDo]),
)}
`,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [file, text] of Object.entries(pages())) writeFileSync(join(docs, file), text);
}
