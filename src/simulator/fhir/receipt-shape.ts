/**
 * The form of a read receipt. PKB's documentation names the parts of `readReceipt` on no page that we know, so they can be
 * changed. The defaults are simulator wording.
 */
import { PkbConfigError } from '../../errors.js';

/** The types that the value of each part may have. */
export const RECEIPT_TYPES = {
  documentIdentifier: ['valueIdentifier', 'valueString'],
  read: ['valueBoolean', 'valueString', 'valueCode'],
  readTime: ['valueDateTime', 'valueInstant', 'valueDate', 'valueString'],
} as const;

/** The name and type of one part. */
export interface PartShape<Type extends string> {
  readonly name: string;
  readonly type: Type;
}

/** The form of a read receipt. */
export interface ReceiptShape {
  readonly documentIdentifier: PartShape<(typeof RECEIPT_TYPES.documentIdentifier)[number]>;
  /** `valueString` and `valueCode` have PKB's words for the status of a document: `READ` or `UNREAD`. */
  readonly read: PartShape<(typeof RECEIPT_TYPES.read)[number]>;
  readonly readTime: PartShape<(typeof RECEIPT_TYPES.readTime)[number]>;
  /** Whether an unread document has the part of the time, too, without a value. */
  readonly timeWhenUnread: boolean;
}

/** The parts of {@link ReceiptShape} as entered: what is left out has its default. */
export type ReceiptSetting = {
  readonly [Part in keyof typeof RECEIPT_TYPES]?: Partial<ReceiptShape[Part]>;
} & { readonly timeWhenUnread?: boolean };

/** The form of a read receipt if nothing else is entered. */
export const RECEIPT: ReceiptShape = {
  documentIdentifier: { name: 'documentIdentifier', type: 'valueIdentifier' },
  read: { name: 'read', type: 'valueBoolean' },
  readTime: { name: 'readTime', type: 'valueDateTime' },
  timeWhenUnread: false,
};

/** Upper limit of the name of a part, in characters. */
const LONGEST = 100;

/**
 * Completes a form by the defaults.
 *
 * @throws PkbConfigError `PKB_SETTING` for a name or type that is not allowed
 */
export function receiptShape(setting: ReceiptSetting): ReceiptShape {
  const { timeWhenUnread = RECEIPT.timeWhenUnread, ...parts } = mustBeObject(setting);
  if (typeof timeWhenUnread !== 'boolean') throw wrong('has timeWhenUnread as true or false');
  const unknown = Object.keys(parts).find((part) => !Object.hasOwn(RECEIPT_TYPES, part));
  if (unknown !== undefined)
    throw wrong('has the parts documentIdentifier, read and readTime, and timeWhenUnread; nothing else');
  const shape: ReceiptShape = {
    documentIdentifier: partShape('documentIdentifier', parts),
    read: partShape('read', parts),
    readTime: partShape('readTime', parts),
    timeWhenUnread,
  };
  const names = new Set([shape.documentIdentifier.name, shape.read.name, shape.readTime.name]);
  if (names.size < 3) throw wrong('has three parts with different names');
  return shape;
}

/**
 * Reads a form as entered in the node.
 *
 * @param json blank = the default form
 * @throws PkbConfigError `PKB_SETTING`
 */
export function readReceiptShape(json: string): ReceiptShape {
  if (json.trim() === '') return RECEIPT;
  let setting: unknown;
  try {
    setting = JSON.parse(json);
  } catch {
    throw wrong('must be a JSON object, such as {"read":{"name":"isRead","type":"valueBoolean"}}');
  }
  return receiptShape(setting as ReceiptSetting);
}

function partShape<Part extends keyof typeof RECEIPT_TYPES>(
  part: Part,
  parts: ReceiptSetting,
): ReceiptShape[Part] {
  const { name, type } = { ...RECEIPT[part], ...mustBeObject(parts[part] ?? {}) };
  if (typeof name !== 'string' || name.trim() === '' || name.length > LONGEST)
    throw wrong(`has a name of at most ${LONGEST} characters for each part; ${part} has none`);
  const types: readonly string[] = RECEIPT_TYPES[part];
  if (!types.includes(type)) throw wrong(`has for ${part} one of the types ${types.join(', ')}`);
  // The type is one of the table's row of this part.
  return { name, type } as ReceiptShape[Part];
}

function mustBeObject<Value extends object>(value: Value): Value {
  if (typeof value === 'object' && (value as object | null) !== null && !Array.isArray(value)) return value;
  throw wrong('must be an object, and so must each of its parts');
}

function wrong(what: string): PkbConfigError {
  return new PkbConfigError('PKB_SETTING', `The form of a read receipt ${what}.`);
}
