/**
 * `POST DocumentReference/$read-receipt-query` (dev.patientsknowbest.com, read-receipt-query): the read state of documents that
 * the organisation in the header created. There is no receipt for one that is unknown, another organisation's, or deleted.
 */
import type { Documents } from './documents.js';
import type { Grant } from './organisations.js';
import { type Input, type Part, timeText } from './parameters.js';
import type { ReceiptShape } from './receipt-shape.js';

/** The receipts of the documents that are found. */
export function readReceipts(
  inputs: readonly Input[],
  documents: Documents,
  { facility }: Grant,
  shape: ReceiptShape,
): Part[][] {
  return inputs.flatMap((input) => {
    const document = documents.find(input.value, facility);
    return document === undefined ? [] : [receiptOf(input, documents.readTime(document), shape)];
  });
}

function receiptOf({ system, value }: Input, readTime: Date | undefined, shape: ReceiptShape): Part[] {
  const { documentIdentifier, read, readTime: time, timeWhenUnread } = shape;
  // The identifier comes back as it was asked for: TXA-12.1 has no system.
  const identifier = { ...(system !== '' && { system }), value };
  const isRead = readTime !== undefined;
  const parts: Part[] = [
    {
      name: documentIdentifier.name,
      [documentIdentifier.type]: documentIdentifier.type === 'valueIdentifier' ? identifier : value,
    },
    { name: read.name, [read.type]: read.type === 'valueBoolean' ? isRead : isRead ? 'READ' : 'UNREAD' },
  ];
  if (isRead) {
    const written = timeText(readTime);
    parts.push({ name: time.name, [time.type]: time.type === 'valueDate' ? written.slice(0, 10) : written });
  } else if (timeWhenUnread) {
    parts.push({ name: time.name });
  }
  return parts;
}
