// Writes the documentation pages that are made from tables in the code. `node scripts/docs.mjs` after a build; a test
// keeps them in step.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { apiPage } from './api-page.mjs';
import { fieldTables, helpTables } from './field-tables.mjs';

const docs = join(dirname(fileURLToPath(import.meta.url)), '../docs');
const require = createRequire(import.meta.url);

/** A Markdown table. */
function table(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const fieldTable = (rows) =>
  table(
    ['field', 'what', 'HL7'],
    rows.map((row) => [row.required ? `**${row.name}**` : row.name, row.description, row.hl7]),
  );

/** What is done about a refusal while nothing says that the connection works, in words. */
function unproven({ does, ends, maybeTaken }, { unreadableInARow }) {
  if (ends === 'at once') return 'the connection goes on';
  if (does === 'pause') return 'the connection pauses until a person acts';
  if (does === 'pause-customer')
    return 'the Customer’s messages pause, and one of another Customer is tried; if that is refused so as well, the connection pauses';
  const wait = 'the connection waits, then tries one message';
  return maybeTaken ? `${wait}; after ${unreadableInARow} such answers in a row it pauses` : wait;
}

/** When a message ends that is refused so, in words. */
function ends({ does, ends }, { refusedAttempts }) {
  if (does !== 'wait') return 'not by this; it is kept';
  if (ends === 'at once') return 'at once';
  return ends
    ? `refused ${refusedAttempts} more times while the connection works, or by its age`
    : 'by its age';
}

/** The example that the page on composing begins with; a test composes it. */
const EXAMPLE = {
  kind: 'appointment',
  event: 'new',
  id: 'f81d4fae-7dec-41d0-a765-00a0c91e6bf6',
  patient: {
    nhsNumber: '9990000018',
    name: { family: 'Example', given: 'Alex' },
    birthDate: '1970-01-31',
    sex: 'F',
  },
  start: '2026-03-01T10:00:00+00:00',
  subject: 'Eye clinic',
  location: 'Sample Hospital, level 2',
  participants: [{ family: 'Jones', prefix: 'Dr', role: 'Doctor' }],
};

const helpFile = join(docs, '../nodes/pkb-build/locales/en-US/node.html');
const [FIELDS_BEGIN, FIELDS_END] = ['<!-- fields: written by scripts/docs.mjs -->', '<!-- end of fields -->'];

/** The help of pkb-build with its lists of fields as the schemas have them. */
export function helpOfBuild() {
  const { COMMON, SCHEMAS } = require('../dist/src/pkb/compose/kinds.js');
  const help = readFileSync(helpFile, 'utf8');
  const [before, rest = ''] = help.split(FIELDS_BEGIN);
  const after = rest.split(FIELDS_END)[1] ?? '';
  return `${before}${FIELDS_BEGIN}\n\n${helpTables(SCHEMAS, COMMON)}\n${FIELDS_END}${after}`;
}

/** The generated pages by file name, made from the built code. */
export function pages() {
  const { ERROR_CODES } = require('../dist/src/errors.js');
  const { DATA_POINT_FIELDS, MESSAGE_TYPES } = require('../dist/src/pkb/catalogue.js');
  const { MARKS } = require('../dist/src/pkb/guard/rule.js');
  const { RULES } = require('../dist/src/pkb/guard/rules/index.js');
  const { COMMON, SCHEMAS } = require('../dist/src/pkb/compose/kinds.js');
  const { kinds, shared } = fieldTables(SCHEMAS, COMMON);
  const { OUTCOMES } = require('../dist/src/delivery/outcome.js');
  const { REFUSALS } = require('../dist/src/delivery/refusal.js');
  const { DEFAULT_POLICY } = require('../dist/src/delivery/retry.js');
  return {
    'library.md': apiPage(),
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

An AA says that PKB has taken the message, not that it is in the record. PKB may hold it for the Customer's review: ADT^A28 and A31 with
NHS number status 02 or 03, or with only an organisation's own identifier (3829203015, 3925868554); other messages where the date
of birth does not match and the Customer has soft matching (4213014614; whether that can hold an A28 or A31 too, PKB's pages do
not agree). All but A28, A31 and the query need a patient who has a record: "No patient found" is the ordinary answer where there is none, and no
correction of the message helps. Where the Customer has auto-create (an option, usually off), PKB makes the record itself
(4567400451).

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
    'compose.md': `# Composing messages

\`pkb-build\` given an object in \`msg.payload\`, and \`compose()\` of the library, make a message from plain fields. The object
has a \`kind\`, the \`patient\`, and what the kind needs:

\`\`\`json
${JSON.stringify(EXAMPLE, null, 2)}
\`\`\`

What is wrong with an object is told all at once, in one error with the code \`PKB_FIELDS\`, each fault with its path (such as
\`patient.identifiers[0].value\`) and none with a value; of names that are no field anywhere not even the name is repeated, since it may be data. The JSON Schemas (draft 2020-12) that the fields are checked
against are in the package, in \`dist/src/pkb/compose/schemas/\`.

- **Texts** are escaped on their way in, so they may hold any character but control characters. Those on one line may not
  hold line ends. \`""\` (two quotation marks) is refused: HL7 reads it as "delete". Leave out what you do not have: \`null\`
  and blank texts are refused as well.
- **Dates and times** are ISO 8601 (\`2026-01-31\`, \`2026-01-31T09:30:00+01:00\`) or HL7 time stamps; from a Function node a
  \`Date\` as well. A clock time without an offset is taken as the Customer's clocks show it (\`timeZone\`, \`Europe/London\` unless
  said otherwise), and sent with the offset of that day. One that these clocks show twice (in autumn) or not at all (in spring) is
  refused; give the first with its offset. A date of birth is a day: midnight, as
  databases add it, counts for nothing, but another time of day is refused, since in another zone it may be another day.
- **The ID** names what the message creates, replaces or takes back. The node's setting *Data point* decides: *as in
  the message* takes \`id\`, or a new UUID for what begins something; *derived* and *the Customer's own* put theirs in its
  place. A derived ID depends on the key, the Partner's name entered in the node, the Customer, and the family of the
  message (documents, appointments, results, stays), so one key serves for a letter and its deletion.
- **Patients without a record**: \`demographics\` make one. To anything else PKB's ordinary answer is "No patient found", and no
  correction of the message helps. Only where the Customer has auto-create, an option that is usually off, does PKB make a record
  from other messages too: from a verified NHS number, names, date of birth and **sex**.
- **The status of an NHS number** is \`nhsNumberStatus\` of the patient, or else that of the Customer; where neither says one, none is written.
- **Held**: PKB answers AA and may still put the message aside for the Customer's review: what has another date of birth than the
  record (soft matching), and demographics with NHS number status 02 or 03 or with only an organisation's own identifier.
- **Content** of documents travels in base64. A \`pdf\` is a Buffer, as the file nodes give it, or text in base64.
- **E-mail addresses** have an effect in the real world: the first that PKB learns sends the patient an invitation.
- **What PKB does** with a field is documented on the pages that \`docs/message-types.md\` names, unless the table says otherwise:
  [I] is inferred from them, [U] stands on no page.
- **Allergies, diagnoses and medication** can be sent only in \`clinical\`, since they replace the Customer's whole lists;
  \`pkb-guard\` blocks them unless it is told otherwise.
- **Appointments** are changed with \`reschedule\` or \`change\`. A second \`new\` with the same ID replaces the appointment:
  links in e-mails already sent break, and reports cannot tell it from a new one.

What PKB does not document, and this package had to choose: plain text travels as \`^TEXT^PLAIN^Base64^…\`, after the form
that PKB documents for PDF and HTML; e-mail addresses as \`^NET^^address\`, as in HL7 and on PKB's current pages (older ones have
them in the first component); \`SCT\` is HL7's own name for SNOMED CT (table 0396); the time of a transfer stands in
EVN-6. Ask PKB when you test with it; all of it can be sent otherwise as HL7 text.

Fields in bold are needed.

${kinds.map((part) => `## kind: ${part.title}\n\n${part.description}\n\n${fieldTable(part.rows)}`).join('\n\n')}

${shared.map((part) => `## ${part.title}\n\n${part.description}\n\n${fieldTable(part.rows)}`).join('\n\n')}
`,
    'rules.md': `# Rules of the guard

What \`pkb-guard\` (and \`inspect()\`) looks for. Each rule can be set to \`off\`, \`flag\`, \`block\` and, where it is about whole
segments, \`strip\`. No finding holds a value of the message.

The last column says how sure it is what PKB does: ${Object.entries(MARKS)
      .map(([mark, means]) => `**${mark}** ${means}`)
      .join('; ')}.

${table(
  ['rule', 'what', 'looks at', 'severity', 'default', 'can strip', 'why', 'source', 'sure'],
  RULES.map((rule) => [
    `\`${rule.id}\``,
    rule.title,
    rule.appliesTo,
    rule.severity,
    rule.defaultAction,
    rule.strips ? 'yes' : '',
    rule.why,
    rule.source,
    rule.mark,
  ]),
)}

Two findings are not rules and always block: \`form.unreadable\` (the text is no HL7 message that can be sent) and
\`form.defect\` (a rule failed on the message; please report it).
`,
    'outcomes.md': `# Outcomes

Every attempt to send a message ends in exactly one of these.

${table(
  ['outcome', 'what was seen', 'what it means', 'what this package does', 'what you should do'],
  Object.entries(OUTCOMES).map(([name, row]) => [`\`${name}\``, row.seen, row.means, row.weDo, row.youDo]),
)}

## Refusals

What is done about an attempt that PKB did not acknowledge. The rule behind the table:

Only PKB's own acknowledgement, or its age (*Keep trying*; ${DEFAULT_POLICY.maxAgeMs / 3_600_000} hours unless said otherwise), ends a message on the evidence of that message alone. Any other refusal may be
the connection's: the connection waits and tries another message, or pauses. Only while the connection is known to work does a
refusal count against the message. It is known to work when PKB has acknowledged another message since this one was first refused,
and nothing has cast doubt on it since. So an outage does not end the messages that wait (but for their age), and one message that
PKB's server cannot take ends soon among good ones.

Waits begin at half a second and double with every try, up to five minutes; \`Retry-After\` may ask for more, up to an hour.

${table(
  [
    'what was seen',
    'outcome',
    'while nothing says that the connection works',
    'while it works',
    'when the message ends',
  ],
  Object.values(REFUSALS).map((row) => [
    row.seen,
    `\`${row.outcome}\``,
    unproven(row, DEFAULT_POLICY),
    row.does === 'wait' && row.blames === 'message'
      ? 'the message waits alone, the others go on'
      : 'the same',
    ends(row, DEFAULT_POLICY),
  ]),
)}
`,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [file, text] of Object.entries(pages())) writeFileSync(join(docs, file), text);
  writeFileSync(helpFile, helpOfBuild());
}
