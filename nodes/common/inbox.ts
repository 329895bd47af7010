/**
 * Messages that our nodes have received and not processed yet. A deploy loses none of them: messages waiting for a stopped
 * node go to the node that replaces it, in the same order, before all later ones.
 *
 * States of a message: *waiting* (its turn has not come), *begun*. While flows are stopped, waiting messages are kept, and so
 * are those that a stopped node still sends: Node-RED would drop them. When flows have started, they are passed on. If the
 * node no longer exists, or the process ends, the log says how many there were.
 */
import { onFlows } from './flow-events.js';
import { Turns } from './turns.js';
import type { Node, NodeMessage, Runtime, Send } from './types.js';

/** Something that waits for its turn. */
interface Task {
  /** The node it was for. */
  readonly node: Node;
  /** Sees to it. */
  run(): void;
  /** Gives it to the node that has taken the place of the first. */
  pass(successor: Node): void;
}

/** Our nodes share their time. */
const TURNS = new Turns<Task>();

/** The nodes that there are, by id. */
const NODES = new Map<string, Node>();

/** The runtimes whose flows are watched. */
const WATCHED = new WeakSet<object>();

/** A node's own place for what it is given. */
export class Inbox {
  readonly #RED: Runtime;
  readonly #node: Node;
  #closed = false;

  constructor(RED: Runtime, node: Node) {
    this.#RED = RED;
    this.#node = node;
    NODES.set(node.id, node);
    watch(RED);
  }

  /**
   * Sees to a message when its turn comes.
   *
   * @param begin must not throw
   * @param passed called where another node sees to it
   */
  give(message: NodeMessage, begin: () => void, passed: () => void = () => undefined): void {
    this.#run(begin, (successor) => {
      successor.receive(message);
      passed();
    });
  }

  /** Sends by `send`; once the node is closed, its successor sends. */
  sender(send: Send): Send {
    return (message) => {
      if (!this.#closed) send(message);
      else
        this.#run(
          () => undefined,
          (successor) => successor.send(message as NodeMessage),
        );
    };
  }

  #run(begin: () => void, pass: (successor: Node) => void): void {
    const node = this.#node;
    const run = (): void => {
      if (!this.#closed) return begin();
      const successor = NODES.get(node.id);
      if (successor) pass(successor);
      else warn(this.#RED, node, 1);
    };
    TURNS.run(node.id, { node, run, pass });
  }

  /** The node closes. @param now whether it processes waiting messages at once; otherwise its successor does */
  close(now: boolean): void {
    const { id } = this.#node;
    if (now) TURNS.flush(id);
    this.#closed = true;
    TURNS.hold(id);
    if (NODES.get(id) === this.#node) NODES.delete(id);
    // Node-RED takes the listener off a closed node, and with it what was on its way there.
    queueMicrotask(() =>
      this.#node.on('input', (message: NodeMessage) => this.give(message, () => undefined)),
    );
  }
}

function watch(RED: Runtime): void {
  if (WATCHED.has(RED.events)) return;
  WATCHED.add(RED.events);
  onFlows(RED, {
    flowsStarted: () => {
      for (const id of TURNS.held) {
        const tasks = TURNS.take(id);
        const node = NODES.get(id);
        if (node !== undefined) for (const task of tasks) goOn(task, node);
        else warn(RED, tasks[0]?.node, tasks.length);
      }
    },
  });
  process.once('exit', () => {
    for (const id of TURNS.held) {
      const tasks = TURNS.take(id);
      warn(RED, tasks[0]?.node, tasks.length);
    }
  });
}

/** Says in the log that messages went no further. */
function warn(RED: Runtime, node: Node | undefined, count: number): void {
  if (node === undefined || count === 0) return;
  const words = count === 1 ? 'message was' : 'messages were';
  RED.log.warn(
    `[${node.type}:${node.id}] ${count} ${words} waiting when flows stopped and were not processed. Send them again.`,
  );
}

function goOn(task: Task, node: Node): void {
  if (task.node === node) TURNS.run(node.id, task);
  else task.pass(node);
}
