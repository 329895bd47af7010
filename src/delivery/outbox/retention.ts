/** How long outboxes that outlive a process keep what, in milliseconds. */

const DAY_MS = 24 * 3_600_000;

/** Rows without texts, as a record of what was sent. */
export const AUDIT_MS = 365 * DAY_MS;

/** The texts of messages that were not accepted, so that they can be sent once more. */
export const FAILED_MS = 90 * DAY_MS;

/** How much longer the texts of accepted messages are kept that nobody was told of. */
export const UNTOLD_MS = DAY_MS;
