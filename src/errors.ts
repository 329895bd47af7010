/**
 * Every error of this package: one table of codes, and a few classes.
 *
 * The text of an error never holds a patient's field value or a credential, because errors appear in logs, in the debug
 * sidebar and in Catch nodes. `docs/errors.md` lists the same codes, and a test keeps the two in step.
 */

/** One row of the table of error codes. */
export interface ErrorRow {
  /** The class of the error, as in `error.name`. */
  readonly class:
    | 'PkbApiError'
    | 'PkbConfigError'
    | 'PkbDeliveryError'
    | 'PkbFieldsError'
    | 'PkbInternalError'
    | 'PkbMessageError'
    | 'PkbOutboxError';
  /** What happened. */
  readonly means: string;
  /** What a person should do. */
  readonly remedy: string;
}

/** The stable codes, in the order of the layers: HL7 text, PKB's rules, settings, delivery, outbox. */
export const ERROR_CODES = {
  PKB_HL7_TYPE: {
    class: 'PkbMessageError',
    means: 'msg.payload is not HL7 text: neither a string nor a Buffer.',
    remedy: 'Put the HL7 text into msg.payload before this node; an object with fields is for pkb-build.',
  },
  PKB_FIELDS: {
    class: 'PkbFieldsError',
    means: 'No message can be made from the fields; the text names every fault with its path.',
    remedy: 'Correct the fields at these paths; docs/compose.md lists the fields of each kind of message.',
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
    remedy: 'Give the message a complete MSH segment with at least the message type.',
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
    means: 'The text is a batch (FHS or BHS) or holds several messages, but only one is allowed here.',
    remedy: 'Set the node to split batches, or split the text before this node.',
  },
  PKB_HL7_CHARACTER: {
    class: 'PkbMessageError',
    means: 'The message holds a character that XML 1.0 cannot carry, so PKB could not receive it unchanged.',
    remedy: 'Remove the character at the source; the text names it and its position.',
  },
  PKB_HL7_PATH: {
    class: 'PkbMessageError',
    means: 'A path such as PID-3[2].4 is not well formed, or names a segment that the message does not have.',
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
    means:
      'A time stamp is not in HL7 format, or has an incomplete part (such as an hour of one digit), which PKB rejects.',
    remedy: 'Write yyyy[MM[dd[HH[mm[ss[.SSS]]]]]][+ZZZZ] with whole parts.',
  },
  PKB_RUN: {
    class: 'PkbMessageError',
    means: 'msg.run or msg.expected cannot be used, or pkb run was given a message without msg.run.',
    remedy:
      'Set msg.run to the name of the run (text of at most 200 characters), and msg.expected to a whole number or not at all.',
  },
  PKB_REFERENCE: {
    class: 'PkbMessageError',
    means:
      'msg.reference cannot be used (neither text nor a number, longer than 200 characters, or with control characters), or an item of a run has neither a reference nor a data point ID.',
    remedy:
      'Put your own short name for the message into msg.reference. Only a message without msg.run may have none.',
  },
  PKB_CONTROL_ID: {
    class: 'PkbMessageError',
    means: 'MSH-10 (message control ID) is missing, so no acknowledgement can be matched to the message.',
    remedy: 'Stamp the message with pkb-build first.',
  },
  PKB_DATA_POINT: {
    class: 'PkbMessageError',
    means: 'The data point ID cannot be set: its segment is missing, or the ID is missing or not allowed.',
    remedy: 'Check the message type, the segment named in the text, and the source of the ID.',
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
      'No Customer is chosen, or msg.customer names a Customer that is not configured, or several of one name, or not the one in the node, or the Customer has no organisation UUID (pkb letters, pkb patients).',
    remedy:
      'Choose a Customer in the node, or set msg.customer to the name or alias of a configured one; both must agree, and no two may have one name. Enter the UUID in pkb customer.',
  },
  PKB_CONNECTION: {
    class: 'PkbConfigError',
    means: 'No connection is chosen, or the chosen one is missing or disabled.',
    remedy: 'Open pkb-send and choose a connection.',
  },
  PKB_CREDENTIALS: {
    class: 'PkbConfigError',
    means: 'The connection has no user name or no password, or pkb api has no client ID or no client secret.',
    remedy: 'Open it and enter the credentials that PKB issued.',
  },
  PKB_URL: {
    class: 'PkbConfigError',
    means:
      'The address cannot be used: it is not a URL, not https (http is allowed on loopback only), or holds credentials.',
    remedy: 'Enter an https:// address; put credentials into their own fields.',
  },
  PKB_SIMULATOR: {
    class: 'PkbConfigError',
    means:
      'The connection or pkb api is set to the simulator, but there is none, or more than one, in this Node-RED.',
    remedy: 'Deploy exactly one pkb-simulator node, or choose another environment.',
  },
  PKB_SETTING: {
    class: 'PkbConfigError',
    means: 'A setting of a node has a value that is not allowed.',
    remedy: 'Open the node named in the text and correct the setting.',
  },
  PKB_NOT_SENT: {
    class: 'PkbDeliveryError',
    means: 'The message was not sent: there was no address, no connection, or no TLS session with PKB.',
    remedy: 'Check network, firewall (port 7443), proxy and PKB status; the message is kept.',
  },
  PKB_UNKNOWN: {
    class: 'PkbDeliveryError',
    means:
      'PKB may have the message: there was no answer, a broken one, or one without a matching acknowledgement.',
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
      'Find out why PKB could not be reached. A Catch node received the message; you can pass it to pkb-send again.',
  },
  PKB_SUPERSEDED: {
    class: 'PkbDeliveryError',
    means:
      'The message was not sent again, because a later one about the same data point was sent: PKB would restore the old version.',
    remedy:
      'Send the newest version instead; if you want the old one, set msg.pkb.override to true, or press “Send anyway”.',
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
      'A person discarded the message: in the operators’ view, or because it had been stored for another address than its connection has now.',
    remedy:
      'If this was intended, do nothing. Otherwise, pass the message that the Catch node received to pkb-send again.',
  },
  PKB_API_TOKEN: {
    class: 'PkbApiError',
    means: 'PKB’s token address refused the client, or gave no token.',
    remedy: 'Check token address, client ID and client secret in pkb api.',
  },
  PKB_API_REFUSED: {
    class: 'PkbApiError',
    means: 'PKB refused a FHIR operation: the organisation is not granted, or the request is not allowed.',
    remedy: 'Check the organisation UUID of the Customer, and ask PKB whether your client may act for it.',
  },
  PKB_API_UNAVAILABLE: {
    class: 'PkbApiError',
    means: 'PKB’s FHIR address or token address did not answer, or is too busy.',
    remedy:
      'pkb letters asks again by itself. For pkb patients, pass the message on again later. If it lasts, check network, proxy and both addresses in pkb api.',
  },
  PKB_API_ANSWER: {
    class: 'PkbApiError',
    means: 'PKB’s FHIR address answered something that is not FHIR, or of another form than expected.',
    remedy:
      'Check the address, and the names of the parts in pkb api. Nothing was concluded from the answer.',
  },
  PKB_PATIENTS: {
    class: 'PkbMessageError',
    means: 'msg.payload of pkb patients is neither an NHS number nor a list of them.',
    remedy: 'Give NHS numbers of ten digits with a right check digit. Nothing was asked.',
  },
  PKB_LETTER: {
    class: 'PkbMessageError',
    means:
      'pkb letters cannot watch this message, does not know the letter, or cannot use msg.deadline (the letter is then watched until the deadline of the node).',
    remedy:
      'Wire the outputs of pkb send to it: MDM^T02 with a document ID and MDM^T11. To post a letter at once, name one that is watched.',
  },
  PKB_OUTBOX: {
    class: 'PkbOutboxError',
    means:
      'The outbox could not take or keep the message: the store is missing, full, damaged or not writable.',
    remedy:
      'Read the text for the reason. Unless it says that the message may have been stored, the outbox did not take it; it is still in the flow.',
  },
  PKB_INTERNAL: {
    class: 'PkbInternalError',
    means: 'A defect in this package.',
    remedy: 'Report it with the code and the stack; the message was not passed on.',
  },
} as const satisfies Record<string, ErrorRow>;

/** A stable error code of this package. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** The base of all errors of this package: a class name, a stable own property `code`, a text without secrets. */
export class PkbError<Code extends ErrorCode = ErrorCode> extends Error {
  /** The stable code, an own property so that Node-RED copies it to `msg.error.code`. */
  readonly code: Code;

  /**
   * @param code a code of the table
   * @param text what is wrong and what to do about it, without patient data or credentials
   */
  constructor(code: Code, text: string, options?: ErrorOptions) {
    super(text, options);
    this.code = code;
    Object.defineProperty(this, 'name', { value: ERROR_CODES[code].class, configurable: true });
  }
}

/** The codes of a class, by the table. */
export type CodeOf<Class extends string> = {
  [Code in ErrorCode]: (typeof ERROR_CODES)[Code]['class'] extends Class ? Code : never;
}[ErrorCode];

/** Thrown when a message, or a path in it, cannot be used. */
export class PkbMessageError extends PkbError<CodeOf<'PkbMessageError' | 'PkbFieldsError'>> {}

/** Thrown when settings of a node or options of a call are not allowed. */
export class PkbConfigError extends PkbError<CodeOf<'PkbConfigError'>> {}

/** Given to Catch when a message that was taken could not be delivered. */
export class PkbDeliveryError extends PkbError<CodeOf<'PkbDeliveryError'>> {}

/** Thrown when one of PKB's FHIR operations could not be asked. Nothing may be concluded from it. */
export class PkbApiError extends PkbError<CodeOf<'PkbApiError'>> {
  /** @param retryAfterMs how long PKB asks to wait, in milliseconds */
  constructor(
    code: CodeOf<'PkbApiError'>,
    text: string,
    readonly retryAfterMs?: number,
  ) {
    super(code, text);
  }
}

/** Thrown when the outbox cannot take or keep messages. */
export class PkbOutboxError extends PkbError<CodeOf<'PkbOutboxError'>> {}

/** Thrown when this package finds a defect in itself. */
export class PkbInternalError extends PkbError<CodeOf<'PkbInternalError'>> {}

/**
 * Converts anything thrown to an error of this package, so that no foreign text is shown. A foreign text may quote its input.
 *
 * @param thrown anything
 * @returns the same object if it is ours, else a {@link PkbInternalError} with the foreign class name and the
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
