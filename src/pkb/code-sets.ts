/**
 * PKB's code sets (PKB page 3365012136), as far as they are known, with the day on which they were taken from PKB's pages.
 * PKB may have added to them since: an unknown code is worth a look, and no reason to refuse a message.
 */

/** A code set. */
export interface CodeSet {
  /** Name at PKB, such as `PKBCS05`. */
  readonly name: string;
  /** Day on which it was taken, as `yyyy-MM-dd`. */
  readonly taken: string;
  readonly codes: readonly string[];
}

/** Types of documents, TXA-2; the part of the list that was to be seen. */
export const DOCUMENT_TYPES: CodeSet = {
  name: 'PKBCS05',
  taken: '2026-11-23',
  codes: ['AL', 'AN', 'BR', 'CL', 'CP', 'DL', 'DS', 'MDT', 'RL', 'TCI'],
};

/** MSH-3 by which PKB takes an ORU for a radiology report, which it shows under Imaging (PKB page 4175724546). */
export const RADIOLOGY = 'RADIOLOGY';
