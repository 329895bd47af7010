/** The processing ID, MSH-11 (HL7 2.4, chapter 2; tables 0103 and 0207). */

/** Whether a text is valid in MSH-11: P, T or D, and optionally a processing mode, as in `T^A`. */
export function isProcessingId(text: string): boolean {
  return /^[PTD](?:\^[A-Z]?)?$/.test(text);
}
