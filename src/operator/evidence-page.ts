/** A pack of evidence as one HTML file: opens without a network, runs nothing, loads nothing, and prints well. */
import { createHash } from 'node:crypto';
import {
  type EvidenceAbout,
  type EvidenceEntry,
  STATE_WORDS,
  type TestCase,
  testCasesOf,
} from './evidence.js';
import { isoTime } from '../iso-time.js';
import { MASK } from './masking.js';

const STYLE = `
  :root { color-scheme: light }
  body { font: 14px/1.45 system-ui, sans-serif; max-width: 1100px; margin: 0 auto; padding: 16px; color: #111; background: #fff; overflow-wrap: anywhere }
  h1 { font-size: 20px } h2 { font-size: 16px; margin: 24px 0 8px } h3 { font-size: 14px; margin: 12px 0 4px }
  table { border-collapse: collapse; width: 100% } th, td { text-align: left; vertical-align: top; padding: 3px 8px 3px 0; border-bottom: 1px solid #bbb }
  th { font-weight: 600 } pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f4f4f4; padding: 8px; margin: 4px 0; font-size: 12px }
  section { border-top: 2px solid #111; margin-top: 24px } .good { color: #1d5f3b } .bad { color: #b3261e }
  @media print { body { padding: 0; max-width: none } section { break-before: auto } h2, h3 { break-after: avoid } tr { break-inside: avoid } pre { background: none; border: 1px solid #bbb } }
`;

/** Only this style, and nothing else, may take effect. */
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'`;

/** The pack as HTML. */
export function evidencePage(about: EvidenceAbout, entries: readonly EvidenceEntry[]): string {
  const cases = testCasesOf(entries);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escaped(POLICY)}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Evidence: messages to Patients Know Best</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Evidence: messages to Patients Know Best</h1>
${facts(factsOf(about, entries.length))}
<p>${escaped(maskingWords(about))}</p>
<h2>Test cases</h2>
${table(['Test case', 'Accepted', 'Outcome'], cases.map(caseRow))}
<h2>Messages</h2>
${entries.map((one, i) => section(one, i + 1)).join('\n')}
</body>
</html>
`;
}

function factsOf(about: EvidenceAbout, count: number): [string, string][] {
  const { versions, environment, address, madeAt, madeBy } = about;
  return [
    ['Made', `${isoTime(madeAt)}, by ${madeBy}`],
    ['Messages', String(count)],
    ['Environment', [environment, address].filter(Boolean).join(', ')],
    ['Versions', `node-red-pkb ${versions.package}, Node-RED ${versions.nodeRed}, Node.js ${versions.node}`],
  ];
}

function maskingWords({ masked, words }: EvidenceAbout): string {
  const documents = 'Embedded documents are left out; their size and SHA-256 stand in their place.';
  if (!masked) return `This file holds patient data: nothing is masked. ${documents}`;
  const pkb = words
    ? 'PKB’s words are shown, and may quote a message: this file may hold patient data.'
    : 'PKB’s words are masked as well.';
  return `Values of patients and other persons are replaced by ${MASK}, whatever their length. ${pkb} ${documents}`;
}

function caseRow({ name, accepted, all, outcome }: TestCase): string[] {
  return [escaped(name), `${accepted} of ${all}`, mark(escaped(outcome), accepted === all)];
}

function section(one: EvidenceEntry, n: number): string {
  const { testCase, state, code, answers, reason, messageType, message, acknowledgement } = one;
  const answer = code === '' ? '' : `${code} for ${answers}`;
  const rows: [string, string][] = [
    ['Test case', testCase],
    ['Outcome', STATE_WORDS[state]],
    ['Acknowledgement', answer],
    ['Reason', reason],
    ['Customer (MSH-4)', one.customer],
    ['Control ID (MSH-10)', one.controlId],
    ['Data point ID', one.dataPointId],
    ['Stored', isoTime(one.storedAt)],
    ['Ended', isoTime(one.endedAt)],
  ];
  const attempts = one.attempts.map(({ at, outcome, reason: why }) =>
    [isoTime(at), outcome, why].map(escaped),
  );
  return `<section>
<h2>${n}. ${escaped([messageType, testCase || one.controlId].filter(Boolean).join(' · '))}</h2>
${facts(rows.filter(([, value]) => value !== ''))}
<h3>Attempts</h3>
${attempts.length === 0 ? '<p>None yet.</p>' : table(['Time', 'Outcome', 'Reason'], attempts)}
<h3>Message as sent</h3>
${message === undefined ? '<p>Its text was erased after its time, or cannot be read.</p>' : `<pre>${escaped(message)}</pre>`}
<h3>PKB’s answer</h3>
${acknowledgement === '' ? '<p>None for this message.</p>' : `<pre>${escaped(acknowledgement)}</pre>`}
</section>`;
}

function facts(rows: readonly (readonly [string, string])[]): string {
  const lines = rows.map(
    ([name, value]) => `<tr><th scope="row">${escaped(name)}</th><td>${escaped(value)}</td></tr>`,
  );
  return `<table>${lines.join('')}</table>`;
}

/** @param rows cells as markup */
function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = heads.map((one) => `<th scope="col">${escaped(one)}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('');
  return `<table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`;
}

function mark(markup: string, isGood: boolean): string {
  return `<span class="${isGood ? 'good' : 'bad'}">${markup}</span>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as markup. Characters that nobody sees, or that turn the order of others around, are shown by their number. */
function escaped(text: string): string {
  return text
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
    .replaceAll(
      /[^\P{C}\n]/gu,
      (character) => `‹U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}›`,
    );
}
