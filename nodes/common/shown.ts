/** What routes and page have in common. */
import type { Addressed } from '../../src/delivery/outbox/contract.js';
import type { StandingState } from '../../src/operator/metrics.js';

/** How a connection stands, for a person. Nothing of a patient. */
export interface ShownConnection {
  readonly id: string;
  readonly name: string;
  readonly environment: string;
  readonly state: StandingState;
  /** Our own sentence why it waits, is paused or failed; blank otherwise. */
  readonly reason: string;
  /** Since when it waits, in milliseconds since 1970. */
  readonly since?: number;
  /** When it is tried again. */
  readonly until?: number;
  /** MSH-4 of the Customers whose messages alone are paused. */
  readonly customers?: readonly string[];
  readonly inFlight: number;
  /** Stored and not ended, those in flight and on hold included. */
  readonly pending: number;
  readonly onHold: number;
  /** When the oldest of them was stored. */
  readonly oldest?: number;
  /** What waits for another address than the connection has now. */
  readonly elsewhere: readonly Addressed[];
  /** Whether messages outlive the process. */
  readonly durable?: boolean;
}
