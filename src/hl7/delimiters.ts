/**
 * The five separators of HL7 v2 (chapter 2, "Message delimiters").
 *
 * PKB honours only the standard ones (PKB page "MSH", 3365012972). We can read others, but never send them.
 */
export interface Delimiters {
  readonly field: string;
  readonly component: string;
  readonly repetition: string;
  readonly escape: string;
  readonly subcomponent: string;
}

/** `|^~\&`: HL7 recommends this set, and PKB reads no other. */
export const STANDARD_DELIMITERS: Delimiters = Object.freeze({
  field: '|',
  component: '^',
  repetition: '~',
  escape: '\\',
  subcomponent: '&',
});

/** How MSH begins with the standard delimiters. */
export const STANDARD_HEADER_START = 'MSH|^~\\&';

/**
 * The delimiters that a message declares in its first segment (MSH, FHS or BHS).
 *
 * @param text HL7 text; may be anything
 * @returns the declared delimiters; the object {@link STANDARD_DELIMITERS} itself if they are standard, or if the text does
 *   not begin with a header segment. If MSH-2 is too short, the missing ones are standard
 */
export function delimitersOf(text: string): Delimiters {
  if (text.startsWith(STANDARD_HEADER_START)) return STANDARD_DELIMITERS;
  if (!/^(?:MSH|FHS|BHS)[^A-Za-z0-9\r\n]/.test(text)) return STANDARD_DELIMITERS;
  const field = text.charAt(3);
  const declared = (n: number, fallback: string): string => {
    for (let i = 4; i <= n; i++) if (isEndOfDeclaration(text.charAt(i), field)) return fallback;
    return text.charAt(n);
  };
  return {
    field,
    component: declared(4, '^'),
    repetition: declared(5, '~'),
    escape: declared(6, '\\'),
    subcomponent: declared(7, '&'),
  };
}

function isEndOfDeclaration(character: string, field: string): boolean {
  return character === '' || character === field || character === '\r' || character === '\n';
}
