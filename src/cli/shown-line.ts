/** Text for a terminal: what names, references, messages and PKB say must not move its cursor. */

/** A text without what nobody sees. */
export function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
}

/** Joins words to a line, with its end; blank ones are left out, but for the first. */
export function shownLine([first = '', ...rest]: readonly string[]): string {
  return `${visible([first, ...rest.filter((word) => word !== '')].join('  '))}\n`;
}
