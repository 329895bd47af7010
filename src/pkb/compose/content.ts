/**
 * The content of documents. It can be large, so it is read once, and copied once, into base64.
 */
import { type Fault } from './faults.js';
import { type Raw, base64, components, text } from './write.js';

/** The forms of a document's content; a PDF as bytes or base64. */
export interface Content {
  readonly pdf?: string | Uint8Array;
  readonly html?: string;
  readonly text?: string;
}

/** OBX-5.2 and OBX-5.3 (PKB page 3365012559), and the ending of a file name, for each form. */
const FORMS = {
  pdf: { subtype: 'PDF', ending: 'pdf' },
  html: { subtype: 'HTML', ending: 'html' },
  text: { subtype: 'PLAIN', ending: 'txt' },
} as const;

type Form = keyof typeof FORMS;

/** Readers of PDF look for `%PDF-` in the first 1,024 bytes (ISO 32000-1, annex H.3.4.1). */
const SIGNATURE = '%PDF-';
const SIGNATURE_WITHIN = 1024;

/** The faults of the content, in any form. */
export function contentFaults(content: Readonly<Record<string, unknown>>): Fault[] {
  const faults: Fault[] = [];
  const { pdf } = content;
  if (pdf !== undefined && !(pdf instanceof Uint8Array) && typeof pdf !== 'string')
    faults.push({ path: 'pdf', text: 'must be a Buffer, or text in base64' });
  else if (typeof pdf === 'string' && !isBase64(pdf)) faults.push({ path: 'pdf', text: 'is not base64' });
  else if (pdf !== undefined && !isPdf(pdf))
    faults.push({ path: 'pdf', text: 'is no PDF: its bytes do not begin with %PDF-' });
  for (const form of ['html', 'text'] as const) {
    const given = content[form];
    if (typeof given !== 'string') continue;
    if (given.trim() === '') faults.push({ path: form, text: 'is blank' });
    else if (!given.isWellFormed())
      faults.push({
        path: form,
        text: 'holds half a character (a lone surrogate), which no encoding can carry',
      });
  }
  return faults;
}

/** OBX-5 as encapsulated data: `^TEXT^PDF^Base64^…`. */
export function encapsulated(content: Content): Raw | undefined {
  const form = formOf(content);
  return components(
    undefined,
    text('TEXT'),
    text(FORMS[form].subtype),
    text('Base64'),
    base64(encoded(content)),
  );
}

/** A file name for content given without one. */
export function fileNameFor(content: Content): string {
  return `document.${FORMS[formOf(content)].ending}`;
}

function formOf({ pdf, html }: Content): Form {
  if (pdf !== undefined) return 'pdf';
  return html === undefined ? 'text' : 'html';
}

function encoded({ pdf, html, text: plain = '' }: Content): string {
  if (typeof pdf === 'string') return /\s/.test(pdf) ? pdf.replaceAll(/\s+/g, '') : pdf;
  if (pdf !== undefined) return Buffer.from(pdf.buffer, pdf.byteOffset, pdf.length).toString('base64');
  return Buffer.from(html ?? plain, 'utf8').toString('base64');
}

/** Whether a text is base64. Line ends are ignored, because some encoders add them. */
function isBase64(written: string): boolean {
  const compact = /\s/.test(written) ? written.replaceAll(/\s+/g, '') : written;
  if (compact.length === 0 || compact.length % 4 !== 0) return false;
  const padding = compact.endsWith('==') ? 2 : Number(compact.endsWith('='));
  return !/[^A-Za-z0-9+/]/.test(compact.slice(0, compact.length - padding));
}

function isPdf(pdf: string | Uint8Array): boolean {
  const head =
    typeof pdf === 'string'
      ? Buffer.from(pdf.slice(0, SIGNATURE_WITHIN * 2), 'base64')
      : Buffer.from(pdf.buffer, pdf.byteOffset, Math.min(SIGNATURE_WITHIN, pdf.length));
  return head.subarray(0, SIGNATURE_WITHIN).includes(SIGNATURE);
}
