/**
 * Every error this package raises: one table of codes, a few classes.
 *
 * No message of an error may hold a field value of a patient or a credential: errors end in logs, in the debug
 * sidebar and in Catch nodes. `docs/errors.md` lists the same codes; a test keeps the two in step.
 */

/** One row of the table of error codes. */
export interface ErrorRow {
  /** The class that carries the code, as it stands in `error.name`. */
  readonly class: string;
  /** What happened. */
  readonly means: string;
  /** What a person should do. */
  readonly remedy: string;
}

/** The stable codes, in the order of the building: HL7 text, PKB's rules, settings, delivery, outbox. */
export const ERROR_CODES = {
  PKB_HL7_TYPE: {
    class: 'PkbMessageError',
    means: 'msg.payload is not HL7 text: neither a string nor a Buffer.',
    remedy: 'Put the HL7 text into msg.payload before this node; an object with fields is for pkb-build.',
  },
  PKB_FIELDS: {
    class: 'PkbFieldsError',
    means: 'The fields given cannot be made into a message; the text names every fault with its path.',
    remedy: 'Correct the fields at the paths named; docs/compose.md lists what each kind of message takes.',
  },
  PKB_HL7_EMPTY: {
    class: 'PkbMessageError',
    means: 'There is no message: the text is empty or only white space.',
    remedy: 'Check the node that produces the message.',
  },
  PKB_HL7_NO_MSH: {
    class: 'PkbMessageError',
    means: 'The text does not begin with an MSH segment, so it is not an HL7 v2 message.',
    remedy: 'Send HL7 v2 text that begins with MSH|^~\\&|.',
  },
  PKB_HL7_HEADER_SHORT: {
    class: 'PkbMessageError',
    means: 'The MSH segment ends before MSH-9, or MSH-9 (message type) is empty.',
    remedy: 'Give the message a whole MSH segment with at least the message type.',
  },
  PKB_HL7_ENCODING_CHARACTERS: {
    class: 'PkbMessageError',
    means: 'MSH-1 and MSH-2 name other separators than |^~\\&, the only ones PKB honours.',
    remedy: 'Have the source send |^~\\&, or rewrite the message with these separators.',
  },
  PKB_HL7_CHARSET: {
    class: 'PkbMessageError',
    means:
      'The bytes of a Buffer are not in the character set that MSH-18 declares (UTF-8 where it is empty).',
    remedy: 'Declare the right character set in MSH-18, or decode the bytes before this node.',
  },
  PKB_HL7_BATCH: {
    class: 'PkbMessageError',
    means: 'The text is a batch (FHS or BHS) or holds several messages where one is wanted.',
    remedy: 'Set the node to split batches, or split the text before it.',
  },
  PKB_HL7_CHARACTER: {
    class: 'PkbMessageError',
    means: 'The message holds a character that XML 1.0 cannot carry, so PKB could not be given it unchanged.',
    remedy: 'Remove the character named, at the position named, at the source.',
  },
  PKB_HL7_PATH: {
    class: 'PkbMessageError',
    means: 'A path such as PID-3[2].4 is not well formed, or names a segment the message does not have.',
    remedy: 'Write segment, field, repetition, component as in PID-3[1].4, and address segments that exist.',
  },
  PKB_HL7_VALUE: {
    class: 'PkbMessageError',
    means:
      'A value cannot be written to its field: it is not text, or it is raw text that would start a new field.',
    remedy: 'Give a string; use the escaping setter for text with | ^ ~ \\ & or line ends.',
  },
  PKB_HL7_TIMESTAMP: {
    class: 'PkbMessageError',
    means: 'A time stamp is not an HL7 time stamp, or is half specified, which PKB rejects.',
    remedy: 'Write yyyy[MM[dd[HH[mm[ss[.SSS]]]]]][+ZZZZ] with whole parts.',
  },
  PKB_CONTROL_ID: {
    class: 'PkbMessageError',
    means: 'MSH-10 (message control ID) is missing, so no acknowledgement could be matched to the message.',
    remedy: 'Let pkb-build stamp the message first.',
  },
  PKB_DATA_POINT: {
    class: 'PkbMessageError',
    means:
      'The data point ID cannot be set: the segment that carries it is missing, or the ID is missing or unfit.',
    remedy: 'Check the message type, the segment named and where the ID is taken from.',
  },
  PKB_ALIAS: {
    class: 'PkbConfigError',
    means:
      'A Customer alias is blank, too long, or holds a character that would break MSH-4 ({ } | ^ & ~ \\) or an invisible character.',
    remedy: 'Enter the alias exactly as PKB issued it.',
  },
  PKB_CUSTOMER: {
    class: 'PkbConfigError',
    means:
      'No Customer is chosen, msg.customer names none of the configured Customers, or another one than the node does.',
    remedy:
      'Choose a Customer in the node, or set msg.customer to the name or alias of a configured one; where both are given, they must agree.',
  },
  PKB_CONNECTION: {
    class: 'PkbConfigError',
    means: 'No connection is chosen, or the chosen one is missing or disabled.',
    remedy: 'Open pkb-send and choose a connection.',
  },
  PKB_CREDENTIALS: {
    class: 'PkbConfigError',
    means: 'The connection has no user name or no password.',
    remedy: 'Open the connection and enter the credentials PKB issued.',
  },
  PKB_URL: {
    class: 'PkbConfigError',
    means:
      'The address is not usable: not a URL, not https (http is allowed on loopback only), or with credentials in it.',
    remedy: 'Enter an https:// address; put credentials into their own fields.',
  },
  PKB_SIMULATOR: {
    class: 'PkbConfigError',
    means: 'The connection is set to the simulator, but there is none, or more than one, in this Node-RED.',
    remedy: 'Have exactly one pkb-simulator node and deploy, or choose another environment.',
  },
  PKB_SETTING: {
    class: 'PkbConfigError',
    means: 'A setting of a node has a value that is not allowed.',
    remedy: 'Open the node named and correct the setting named.',
  },
  PKB_NOT_SENT: {
    class: 'PkbDeliveryError',
    means:
      'The message was certainly not sent: there was no address, no connection, or no TLS session with PKB.',
    remedy: 'Check network, firewall (port 7443), proxy and PKB status; the message is kept.',
  },
  PKB_UNKNOWN: {
    class: 'PkbDeliveryError',
    means:
      'Whether PKB has the message is unknown: no answer, a broken one, or one without a matching acknowledgement.',
    remedy:
      'Ask PKB with the control ID before you send it again: PKB replaces most messages by their ID, but a second S12 or care plan does harm.',
  },
  PKB_BUSY: {
    class: 'PkbDeliveryError',
    means:
      'PKB was busy or failing (429 or 5xx without an acknowledgement) for longer than the outbox allows (Keep trying).',
    remedy: 'Check PKB status. A Catch node received the message; you can pass it to pkb-send again.',
  },
  PKB_MISCONFIGURED: {
    class: 'PkbDeliveryError',
    means:
      'PKB refused the credentials, or its certificate is not trusted, or the address is not PKB: the connection is paused.',
    remedy: 'Correct credentials, certificates or address and deploy; nothing was lost.',
  },
  PKB_REFUSED: {
    class: 'PkbDeliveryError',
    means:
      'PKB answered several times with a fault or an error and no acknowledgement, while it acknowledged other messages.',
    remedy: 'Read the outcome; PKB support needs the time and the control ID.',
  },
  PKB_TOO_OLD: {
    class: 'PkbDeliveryError',
    means: 'The message is undeliverable: it was tried for longer than the outbox allows (Keep trying).',
    remedy:
      'Find out why PKB could not be reached; Catch got the message, and it can be put into pkb-send again.',
  },
  PKB_SUPERSEDED: {
    class: 'PkbDeliveryError',
    means:
      'The message was not sent again, because a later one about the same data point has been sent since: PKB would restore the old version.',
    remedy:
      'Send the newest version instead; if the old one is wanted, set msg.pkb.override to true, or press “send anyway”.',
  },
  PKB_UNCHANGED: {
    class: 'PkbDeliveryError',
    means:
      'A flow tried to resend, unchanged, a message that PKB has rejected (AR or AE), or to send a fourth correction of one message.',
    remedy:
      'Correct the fault that PKB’s answer names, once; a person can press “Send again” in the dialog of pkb-send. A flow must not respond to a rejection by itself.',
  },
  PKB_DISCARDED: {
    class: 'PkbDeliveryError',
    means:
      'A person discarded the message: it had been stored for another address than its connection has now.',
    remedy:
      'If this was intended, do nothing. Otherwise, pass the message that the Catch node received to pkb-send again.',
  },
  PKB_OUTBOX: {
    class: 'PkbOutboxError',
    means:
      'The outbox could not take or keep the message: the store is missing, full, damaged or not writable.',
    remedy: 'Read the text; the message was not taken and stays with the flow.',
  },
  PKB_INTERNAL: {
    class: 'PkbInternalError',
    means: 'A defect in this package.',
    remedy: 'Report it with the code and the stack; the message was not passed on.',
  },
} as const satisfies Record<string, ErrorRow>;

/** A stable error code of this package. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** What all errors of this package have in common: a class name, a stable own property `code`, a text without secrets. */
export class PkbError<Code extends ErrorCode = ErrorCode> extends Error {
  /** The stable code, an own property so that Node-RED copies it to `msg.error.code`. */
  readonly code: Code;

  /**
   * @param code a code of the table
   * @param text what is wrong here and what to do about it; without patient data or credentials
   */
  constructor(code: Code, text: string, options?: ErrorOptions) {
    super(text, options);
    this.code = code;
    Object.defineProperty(this, 'name', { value: ERROR_CODES[code].class, configurable: true });
  }
}

/** The codes that a class carries, by the table. */
export type CodeOf<Class extends string> = {
  [Code in ErrorCode]: (typeof ERROR_CODES)[Code]['class'] extends Class ? Code : never;
}[ErrorCode];

/** Thrown when a message, or an address within it, cannot be used as it is. */
export class PkbMessageError extends PkbError<CodeOf<'PkbMessageError' | 'PkbFieldsError'>> {}

/** Thrown when the settings of a node or the options of a call cannot work. */
export class PkbConfigError extends PkbError<CodeOf<'PkbConfigError'>> {}

/** Given to Catch when a message that was taken could in the end not be delivered. */
export class PkbDeliveryError extends PkbError<CodeOf<'PkbDeliveryError'>> {}

/** Thrown when the outbox cannot do its duty. */
export class PkbOutboxError extends PkbError<CodeOf<'PkbOutboxError'>> {}

/** Thrown when this package finds a defect in itself. */
export class PkbInternalError extends PkbError<CodeOf<'PkbInternalError'>> {}

/**
 * Turns whatever was thrown into an error of this package, so that no foreign text (which may quote its input) is shown.
 *
 * @param thrown anything
 * @returns the same object if it is ours, else a {@link PkbInternalError} that keeps the foreign class name and the
 *   places of its stack, but not its text
 */
export function asPkbError(thrown: unknown): PkbError {
  if (thrown instanceof PkbError) return thrown;
  const kind = thrown instanceof Error ? thrown.name : typeof thrown;
  const error = new PkbInternalError(
    'PKB_INTERNAL',
    `Unexpected ${kind} inside the package; the message was not passed on.`,
  );
  if (thrown instanceof Error) {
    const places = (thrown.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
    error.stack = [`${error.name}: ${error.message}`, ...places].join('\n');
  }
  return error;
}
