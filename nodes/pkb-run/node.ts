/**
 * pkb-run: what became of each item of a list, such as the letters of one night.
 */
import { asPkbError, PkbMessageError } from '../../src/errors.js';
import { numberSetting, NUMBERS } from '../../src/settings.js';
import { Gathered } from './gathered.js';
import { placeOf } from './place.js';
import { RunReporter } from './reporter.js';
import { raiseError, showError } from '../common/errors.js';
import { outboxOf } from '../common/connections.js';
import { caughtIn, isErrorOf } from '../common/caught.js';
import { onFlows } from '../common/flow-events.js';
import { onInput } from '../common/input.js';
import { expectedOf, runOf } from '../common/run-properties.js';
import { Said } from '../common/said.js';
import type { Message, Node, NodeDef, NodeMessage, Runtime } from '../common/types.js';
import type { Outbox } from '../../src/delivery/outbox/contract.js';
import type { Runs } from '../../src/delivery/outbox/runs.js';

interface RunDef extends NodeDef {
  connection: string;
  progressSeconds: number | string;
  quietMinutes: number | string;
  /** Whether reports have PKB's words. */
  words?: boolean;
}

module.exports = function (RED: Runtime): void {
  function PkbRun(this: Node, config: RunDef): void {
    RED.nodes.createNode(this, config);
    const outbox = (): Promise<Outbox> => outboxOf(RED, config.connection, 'pkb run');
    const runs = async (): Promise<Runs> => (await outbox()).runs;
    let times: { progressMs: number; quietMs: number };
    try {
      times = timesOf(config);
    } catch (error) {
      showError(RED, this, 'PKB_SETTING');
      raiseError(RED, this, error);
      return;
    }
    const said = new Said();
    const reporter = new RunReporter({
      id: this.id,
      runs,
      ...times,
      withWords: config.words === true,
      events: {
        progress: (report) => this.send([{ topic: report.run, payload: report } as NodeMessage, null]),
        report: ({ payload, csv }) =>
          this.send([null, { topic: payload.run, payload, csv, run: payload.run } as NodeMessage]),
        looked: (open) => {
          said.clear();
          const [first, second] = open;
          if (first === undefined) return this.status({});
          const { name, items, expected, states } = first;
          const words = {
            name,
            items,
            expected: expected ?? '?',
            waiting: states.waiting,
            count: open.length,
          };
          const text = RED._(`pkb-run.status.${second === undefined ? 'one' : 'several'}`, words);
          this.status({ fill: 'blue', shape: 'dot', text });
        },
        failed: (thrown) => {
          // A store that is away fails at each look.
          const error = asPkbError(thrown);
          if (!said.isNew(error.message)) return;
          showError(RED, this, error.code);
          raiseError(RED, this, error, {});
        },
      },
    });
    const gathered = new Gathered(runs, this.id);
    onInput(
      RED,
      this,
      async (message: Message) => {
        if (isErrorOf(message, this.type)) return;
        const run = runOf(message);
        // Errors about anything else come here where one Catch node has all.
        if (run === '' && caughtIn(message) !== undefined) return;
        if (run === '')
          throw new PkbMessageError('PKB_RUN', 'Set msg.run to the name of the run before pkb run.');
        if ((message as { report?: unknown }).report === true) {
          if (await reporter.reportNow(run)) return;
          throw new PkbMessageError(
            'PKB_RUN',
            'No run has the name in msg.run: check the name, or ask for the report after its first item has come.',
          );
        }
        const expected = expectedOf(message);
        const { secret } = await outbox();
        await gathered.add(run, expected, placeOf(RED, message, run, secret));
      },
      'see to',
    );
    const leave = onFlows(RED, {
      flowsStarted: () => reporter.start(),
      flowsStopping: () => reporter.stop(),
    });
    this.on('close', () => {
      leave();
      reporter.stop();
    });
  }
  RED.nodes.registerType<Node, RunDef, object, object>('pkb-run', PkbRun);
};

/** @throws PkbConfigError `PKB_SETTING` */
function timesOf(config: RunDef): { progressMs: number; quietMs: number } {
  return {
    progressMs: numberSetting(config.progressSeconds, NUMBERS.progressSeconds) * 1000,
    quietMs: numberSetting(config.quietMinutes, NUMBERS.quietMinutes) * 60_000,
  };
}
