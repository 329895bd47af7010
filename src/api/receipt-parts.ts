/** How the parts of a read receipt are named: PKB's page on `$read-receipt-query` is open to Partners only. */

/** Names of the parts of a read receipt. */
export interface ReceiptParts {
  readonly document: string;
  readonly read: string;
  readonly time: string;
}

/** The names where PKB has told no others. The first is that of the input parameter; the others are ours. */
export const RECEIPT_PARTS: ReceiptParts = { document: 'documentIdentifier', read: 'read', time: 'readTime' };

/** The longest name of a part, in characters. */
export const LONGEST_PART = 100;

/** The names as they are entered in pkb-api; blank for those of {@link RECEIPT_PARTS}. */
export interface EnteredParts {
  readonly documentPart: string;
  readonly readPart: string;
  readonly timePart: string;
}

/** @returns undefined where two names are the same, or one is longer than {@link LONGEST_PART} */
export function receiptPartsOf({ documentPart, readPart, timePart }: EnteredParts): ReceiptParts | undefined {
  const parts = {
    document: documentPart || RECEIPT_PARTS.document,
    read: readPart || RECEIPT_PARTS.read,
    time: timePart || RECEIPT_PARTS.time,
  };
  const names: unknown[] = Object.values(parts);
  const areNames = names.every((name) => typeof name === 'string' && name.length <= LONGEST_PART);
  return areNames && new Set(names).size === names.length ? parts : undefined;
}
