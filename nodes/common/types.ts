/** What the node files share of Node-RED's types. */
import type { Node, NodeAPI, NodeDef, NodeMessage, NodeMessageInFlow } from 'node-red';

/** The runtime API as it is handed to a node file. */
export type Runtime = NodeAPI;

/** A message in a flow. */
export type Message = NodeMessageInFlow;

/** How an input handler sends: one message per output, or null. */
export type Send = (message: NodeMessage | (NodeMessage | null)[]) => void;

/** What a pkb-build node and those after it know of a message. */
export interface PkbProperty {
  readonly customer?: string;
  readonly messageType?: string;
  readonly controlId?: string;
  readonly dataPoint?: { field: string; id: string; owner: 'partner' | 'customer' | 'kept' };
  /** MSH-3 as it was before pkb-build replaced it. */
  readonly sendingApplicationBefore?: unknown;
  readonly findings?: unknown;
}

export type { Node, NodeDef, NodeMessage };
