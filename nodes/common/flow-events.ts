/**
 * When flows start and stop. One listener for each event of the runtime, however many nodes there are; nodes join and leave.
 */
import type { Runtime } from './types.js';

/** What is told to whoever joined. */
export interface FlowListener {
  /** All nodes are there; outputs have somewhere to go. */
  flowsStarted?(): void;
  /** Flows are being stopped, all or some of them: what is on its way between nodes may be dropped. */
  flowsStopping?(): void;
}

/** By the runtime's events, which outlive every deploy. */
const LISTENERS = new WeakMap<object, Set<FlowListener>>();

/** Adds a listener. @returns a function that removes it */
export function onFlows(RED: Runtime, listener: FlowListener): () => void {
  const all = LISTENERS.get(RED.events) ?? listen(RED);
  all.add(listener);
  return () => all.delete(listener);
}

function listen(RED: Runtime): Set<FlowListener> {
  const all = new Set<FlowListener>();
  LISTENERS.set(RED.events, all);
  RED.events.on('flows:started', () => {
    for (const listener of all) listener.flowsStarted?.();
  });
  RED.events.on('flows:stopping', () => {
    for (const listener of all) listener.flowsStopping?.();
  });
  return all;
}
