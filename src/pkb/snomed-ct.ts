/** SNOMED CT identifiers (SNOMED CT Technical Implementation Guide, "Check-digit"): 6 to 18 digits, the last by Verhoeff. */

const MULTIPLY = [
  '0123456789',
  '1234067895',
  '2340178956',
  '3401289567',
  '4012395678',
  '5987604321',
  '6598710432',
  '7659821043',
  '8765932104',
  '9876543210',
];
const PERMUTE = [
  '0123456789',
  '1576283094',
  '5803796142',
  '8916043527',
  '9453126870',
  '4286573901',
  '2793806415',
  '7046913258',
];

/** Whether a text is a SNOMED CT identifier. */
export function isSnomedCt(code: string): boolean {
  if (!/^[1-9]\d{5,17}$/.test(code)) return false;
  let check = 0;
  for (let i = 0; i < code.length; i++) {
    const digit = Number(code.charAt(code.length - 1 - i));
    check = Number(MULTIPLY[check]?.charAt(Number(PERMUTE[i % 8]?.charAt(digit))));
  }
  return check === 0;
}
