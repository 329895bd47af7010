/**
 * pkb-events: a message when something is wrong with a connection, and one when it is right again.
 */
import { FAILED_STATES } from '../../src/delivery/outbox/ledger.js';
import { numberSetting, NUMBERS } from '../../src/settings.js';
import { raiseError, showError } from '../common/errors.js';
import { connectionOf, connections, shown } from '../common/connections.js';
import type { ConnectionNode } from '../common/contracts.js';
import { onFlows } from '../common/flow-events.js';
import type { Node, NodeDef, Runtime } from '../common/types.js';
import { type Seen, Watch } from './watch.js';

interface EventsDef extends NodeDef {
  /** Id of a pkb-connection; blank = all. */
  connection: string;
  minutes: number | string;
}

/** How often connections are looked at. */
const LOOK_MS = 5000;

/** What was told outlives a deploy, which makes all nodes anew: by node. */
const WATCHES = new Map<string, Watch>();

module.exports = function (RED: Runtime): void {
  function PkbEvents(this: Node, config: EventsDef): void {
    RED.nodes.createNode(this, config);
    let minutes: number;
    try {
      minutes = numberSetting(config.minutes, NUMBERS.minutes);
    } catch (error) {
      showError(RED, this, 'PKB_SETTING');
      raiseError(RED, this, error);
      return;
    }
    const watch = WATCHES.get(this.id) ?? new Watch();
    WATCHES.set(this.id, watch);
    let timer: NodeJS.Timeout | undefined;
    let begun = false;
    let closed = false;
    const look = async (): Promise<void> => {
      const all = await Promise.all(watched(RED, config.connection).map(seen));
      if (closed) return;
      for (const event of watch.look(all, minutes, Date.now()))
        this.send({ topic: event.event, payload: event });
      const { count } = watch;
      if (count === 0) this.status({ fill: 'green', shape: 'dot', text: RED._('pkb-events.status.fine') });
      else this.status({ fill: 'red', shape: 'ring', text: RED._('pkb-events.status.wrong', { count }) });
    };
    const lookAndWait = (): void => {
      look()
        .catch((error: unknown) => raiseError(RED, this, error))
        .finally(() => {
          if (!closed) timer = setTimeout(lookAndWait, LOOK_MS);
        });
    };
    // Before all nodes are there, outputs have nowhere to go.
    const leave = onFlows(RED, {
      flowsStarted: () => {
        if (!begun) lookAndWait();
        begun = true;
      },
    });
    this.on('close', (removed: boolean, done: () => void) => {
      closed = true;
      leave();
      clearTimeout(timer);
      if (removed) WATCHES.delete(this.id);
      done();
    });
  }
  RED.nodes.registerType<Node, EventsDef, object, object>('pkb-events', PkbEvents);
};

function watched(RED: Runtime, id: string): ConnectionNode[] {
  if (!id) return connections(RED);
  const node = connectionOf(RED, id);
  return node === undefined ? [] : [node];
}

/** How a connection stands. A store that does not answer is told by the state; then failures are not looked for. */
async function seen(node: ConnectionNode): Promise<Seen> {
  const one = await shown(node);
  if (one.state === 'failed' || one.state === 'opening') return { ...one, hasFailures: false };
  const outbox = await node.delivery().outbox();
  const filter = { connection: node.id, states: FAILED_STATES, withoutDismissed: true };
  const { messages } = await outbox.list(filter, undefined, 1);
  return { ...one, hasFailures: messages.length > 0 };
}
