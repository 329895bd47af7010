/** Synthetic messages; NHS numbers are from the 999 range, which is never issued. */

/** Valid test numbers (modulus 11). */
export const NHS_NUMBERS = ['9990000018', '9990000026', '9990000034', '9990000042', '9990000050'] as const;

/** A message that has nothing of the Partner's yet. */
export function a28(
  options: { nhs?: string; type?: string; more?: string; controlId?: string; dob?: string } = {},
): string {
  const { nhs = NHS_NUMBERS[0], type = 'ADT^A28', more = '', controlId = '', dob = '19700101' } = options;
  return (
    `MSH|^~\\&|MAILCO||||||${type}|${controlId}|P|2.4\r` +
    `PID|||${nhs}^^^NHS^NH||Example^Alex||${dob}|U|||1 Sample Street^^London^^N1 1AA^GBR\r${more}`
  );
}

/** The same, ready to be sent. */
export function stamped(
  controlId: string,
  options: { nhs?: string; more?: string; type?: string; time?: string } = {},
): string {
  const { nhs = NHS_NUMBERS[0], more = '', type = 'ADT^A28', time = '20260101120000' } = options;
  return (
    `MSH|^~\\&|MAILCO|trustalias{trustalias}|HL7API|PKB|${time}||${type}|${controlId}|P|2.4\r` +
    `PID|||${nhs}^^^NHS^NH||Example^Alex||19700101|U\r${more}`
  );
}
