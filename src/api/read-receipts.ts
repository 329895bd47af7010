/** Which letters were read (PKB page "read-receipt-query"; the names of the parts are on no page that we know). */
import type { PkbApi } from './client.js';
import { type Parameter, parametersOf, partsOf, timeIn, tokenIn, yesOrNoIn } from './parameters.js';
import type { ReceiptParts } from './receipt-parts.js';

/** How many documents one request may name. */
export const MOST_DOCUMENTS = 5000;

/** What PKB says of a letter. `undetermined`: it knows it, but whether it was read cannot be told from the answer. */
export type Receipt =
  { readonly state: 'read'; readonly at: number | undefined } | { readonly state: 'unread' | 'undetermined' };

/**
 * Asks which letters were read.
 *
 * @param documents document IDs (TXA-12.1), at most {@link MOST_DOCUMENTS}, each once
 * @returns by document ID; PKB leaves out what it does not know. All are `undetermined` where there are receipts, and
 *   none names a document
 * @throws PkbApiError
 */
export async function readReceipts(
  api: PkbApi,
  organisation: string,
  documents: readonly string[],
  names: ReceiptParts,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Receipt>> {
  const asked = new Set(documents);
  const input: Parameter[] = documents.map((value) => ({
    name: 'documentIdentifier',
    valueIdentifier: { value },
  }));
  const answer = await api.operation(
    'DocumentReference/$read-receipt-query',
    organisation,
    parametersOf(input),
    signal,
  );
  const all = partsOf(answer, 'readReceipt');
  // What PKB does not know, it leaves out. Receipts of which none names a document have other names than these.
  const namesNone = all.every((parts) => tokenIn(parts, names.document) === undefined);
  if (namesNone && all.length > 0)
    return new Map(documents.map((document) => [document, { state: 'undetermined' }]));
  const receipts = new Map<string, Receipt>();
  for (const parts of all) {
    const document = tokenIn(parts, names.document);
    if (document === undefined || !asked.has(document)) continue;
    const isRead = yesOrNoIn(parts, names.read);
    const receipt: Receipt =
      isRead === true
        ? { state: 'read', at: timeIn(parts, names.time) }
        : { state: isRead === false ? 'unread' : 'undetermined' };
    const before = receipts.get(document);
    // Two receipts for one document that differ say nothing.
    receipts.set(
      document,
      before === undefined || before.state === receipt.state ? receipt : { state: 'undetermined' },
    );
  }
  return receipts;
}
