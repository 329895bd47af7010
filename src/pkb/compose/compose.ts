/**
 * Composing: makes a message for PKB from plain fields, on behalf of one Customer.
 */
import { randomUUID } from 'node:crypto';
import { PkbConfigError } from '../../errors.js';
import { formatUtc } from '../../hl7/timestamp.js';
import { type Customer, zoneOf } from '../alias.js';
import { DATA_POINT_FIELDS, type Family } from '../catalogue.js';
import { type DataPointId, type DataPointOwner, deriveId } from '../data-point.js';
import { stamp, type Stamped, type StampOptions } from '../stamp.js';
import { withOffsets } from './clock.js';
import type { Draft, DraftContext, KindRow } from './draft.js';
import { type Fault, PkbFieldsError } from './faults.js';
import type { MessageFields } from './fields.js';
import { isKind, type Kind, KIND_NAMES, KINDS } from './kinds.js';
import { plainCopy, Uncopyable } from './plain.js';
import { faultsOf } from './validate.js';

/** Options of {@link compose}: those of `stamp`, except that the control ID is always new. */
export type ComposeOptions = Omit<StampOptions, 'controlId'>;

/**
 * Composes a message.
 *
 * @param fields an object with `kind` and the fields of its JSON Schema; nothing is taken from anywhere else
 * @returns HL7 text; segments end with CR
 * @throws PkbFieldsError `PKB_FIELDS` with every fault at once; PkbConfigError `PKB_ALIAS` or `PKB_CUSTOMER`
 */
export function compose(fields: MessageFields, options: ComposeOptions): string {
  return composeMessage(fields, options).hl7;
}

/**
 * As {@link compose}, but returns all results of `stamp`.
 *
 * @param given anything; every fault in it is reported
 */
export function composeMessage(given: unknown, options: ComposeOptions): Stamped<string> {
  if (typeof options?.customer !== 'object' || options.customer === null)
    throw new PkbConfigError('PKB_CUSTOMER', 'No Customer was given to compose for.');
  const newId = options.newId ?? randomUUID;
  const now = options.now?.() ?? new Date();
  const fields = copyOf(given);
  if (
    typeof fields !== 'object' ||
    fields === null ||
    Array.isArray(fields) ||
    fields instanceof Uint8Array
  ) {
    throw new PkbFieldsError([
      { path: '', text: 'one object with a field kind is wanted; split lists before' },
    ]);
  }
  const { kind } = fields as { kind?: unknown };
  if (!isKind(kind))
    throw new PkbFieldsError([{ path: 'kind', text: `must be one of ${KIND_NAMES.join(', ')}` }]);

  const point = dataPoint(kind, fields as Record<string, unknown>, options);
  const zoned = withOffsets(fields as Record<string, unknown>, zoneOf(options.customer));
  const faults = [...faultsOf(kind, zoned.fields, now), ...zoned.faults, ...point.faults];
  if (faults.length > 0) throw new PkbFieldsError(faults);

  // The fields have passed the schema of this kind, so they have this type.
  const checked = withStatus(zoned.fields as unknown as MessageFields, options.customer);
  const id = point.id ?? newId();
  const draft = draftOf(checked, { id, newId, now: formatUtc(now) });
  const { messageType, sendingApplication } = draft;
  const text = [`MSH|^~\\&|${sendingApplication ?? ''}||||||${messageType}|`, ...draft.segments, ''].join(
    '\r',
  );
  const stamped = stamp(text, {
    ...options,
    now: () => now,
    controlId: 'new',
    dataPointId: 'keep',
    // If PKB reads the kind from MSH-3, the node's own MSH-3 would change the kind.
    sendingApplication: sendingApplication === undefined ? options.sendingApplication : undefined,
  });
  const { dataPoint: written } = stamped;
  return {
    ...stamped,
    hl7: draft.content === undefined ? stamped.hl7 : `${stamped.hl7}${draft.content}\r`,
    dataPoint: written === undefined ? undefined : { ...written, owner: point.owner },
  };
}

/** Adds the Customer's status to an NHS number without one. */
function withStatus(fields: MessageFields, { nhsNumberStatus }: Customer): MessageFields {
  if (!nhsNumberStatus || !('patient' in fields) || fields.patient.nhsNumberStatus !== undefined)
    return fields;
  const patient = { ...fields.patient, nhsNumberStatus: nhsNumberStatus as '01' };
  return { ...fields, patient } as MessageFields;
}

function copyOf(given: unknown): unknown {
  try {
    return plainCopy(given);
  } catch (error) {
    const text = error instanceof Uncopyable ? error.message : 'cannot be read';
    throw new PkbFieldsError([{ path: '', text: `the fields ${text}` }]);
  }
}

/** Drafts the fields by their kind. The compiler cannot see that row and fields belong together. */
function draftOf(fields: MessageFields, context: DraftContext): Draft {
  const row = KINDS[fields.kind] as KindRow<MessageFields>;
  return row.draft(fields, context);
}

/** The data point ID of a message, and its owner; `id` is undefined if a new one is needed. */
interface ChosenId {
  readonly id?: string;
  readonly owner: DataPointOwner;
  readonly faults: readonly Fault[];
}

function dataPoint(kind: Kind, fields: Readonly<Record<string, unknown>>, options: ComposeOptions): ChosenId {
  const { family, begins: mayBegin } = KINDS[kind];
  if (DATA_POINT_FIELDS[family].length === 0) return { id: '', owner: 'kept', faults: [] };
  const wanted = options.dataPointId ?? 'keep';
  if (typeof wanted === 'object' && wanted !== null) return given(wanted, family, options.customer);
  if (wanted !== 'new' && wanted !== 'keep')
    return fault('cannot be chosen: dataPointId is "keep", "new", { own } or { derive, partner }');
  const begins = typeof mayBegin === 'function' ? mayBegin(fields) : mayBegin;
  if (wanted === 'new') {
    if (begins) return { owner: 'partner', faults: [] };
    return fault('cannot be a new one here, since nothing has it yet; give the ID the message is about');
  }
  const { id } = fields;
  if (typeof id === 'string') return { id, owner: 'kept', faults: [] };
  if (id !== undefined || begins) return { owner: 'partner', faults: [] };
  return fault('is missing: give the ID of what the message is about, or have the node set it');
}

function given(wanted: Exclude<DataPointId, string>, family: Family, customer: Customer): ChosenId {
  if ('own' in wanted) {
    const id = typeof wanted.own === 'string' ? wanted.own : '';
    return id.trim() === '' || id === '""' || /[\u0000-\u001f\u007f-\u009f]/.test(id)
      ? fault('of the Customer is blank or holds a line end or control character')
      : { id, owner: 'customer', faults: [] };
  }
  const [partner, key] = [String(wanted.partner ?? ''), String(wanted.derive ?? '')];
  if (!key.trim()) return fault('cannot be derived: the key that names the record is blank or not there');
  if (!partner.trim())
    return fault('cannot be derived: the name of the Partner is blank; enter it in the node');
  return { id: deriveId(partner, customer, family, key), owner: 'partner', faults: [] };
}

function fault(text: string): ChosenId {
  return { owner: 'kept', faults: [{ path: 'id', text }] };
}
