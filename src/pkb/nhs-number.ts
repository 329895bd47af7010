/**
 * NHS numbers (NHS Data Dictionary: ten digits, the last a check digit by modulus 11).
 */

/**
 * Whether a text is an NHS number.
 *
 * @param text ten digits; blanks between them are ignored, because numbers are often written in groups
 */
export function isNhsNumber(text: string): boolean {
  const digits = text.replaceAll(' ', '');
  if (!/^\d{10}$/.test(digits) || digits === '0000000000') return false;
  let sum = 0;
  for (let i = 0; i < 9; i++) sum += Number(digits.charAt(i)) * (10 - i);
  // 11 means check digit 0. 10 is not a digit, so such numbers are not issued.
  return (11 - (sum % 11)) % 11 === Number(digits.charAt(9));
}
