/**
 * PKB's code sets (PKB page 3365012136), as far as they are known, with the day when they were copied from PKB's pages.
 * PKB may have added codes since. So an unknown code is worth a look, but no reason to refuse a message.
 */

/** A code set. */
export interface CodeSet {
  /** Name at PKB, such as `PKBCS05`. */
  readonly name: string;
  /** Day when it was copied, as `yyyy-MM-dd`. */
  readonly taken: string;
  readonly codes: readonly string[];
}

/** Types of documents, TXA-2; only the part of the list that was visible. */
export const DOCUMENT_TYPES: CodeSet = {
  name: 'PKBCS05',
  taken: '2026-11-23',
  codes: ['AL', 'AN', 'BR', 'CL', 'CP', 'DL', 'DS', 'MDT', 'RL', 'TCI'],
};

/** With this MSH-3, PKB treats an ORU as a radiology report and shows it under Imaging (PKB page 4175724546). */
export const RADIOLOGY = 'RADIOLOGY';
