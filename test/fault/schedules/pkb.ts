/**
 * A PKB whose answers come when the schedule says so. It takes a message in, or does not; it answers, or does not; and it
 * may take in what nobody waits for any more.
 */
import type { Exchange, Transport } from '../../../src/delivery/transport.js';
import { soapAck } from '../../support/server.js';
import type { Later } from './disk.js';
import type { Life } from './known.js';
import type { Ledger } from './ledger.js';

/** What PKB does with one request. */
export type Answer =
  | 'AA'
  | 'AR'
  | 'AE'
  /** Taken in, and the line breaks. */
  | 'taken, no answer'
  /** The line breaks before it is taken in. */
  | 'lost'
  | 'not reached'
  | '401'
  | '403'
  | '503'
  | '500'
  | 'fault'
  | 'HTML'
  /** Taken in, and the acknowledgement names another message. */
  | 'AA for another'
  /** An acceptance beside a status that says otherwise. */
  | 'AA with 500';

const TAKEN: ReadonlySet<Answer> = new Set([
  'AA',
  'AR',
  'AE',
  'taken, no answer',
  'AA for another',
  'AA with 500',
]);

const FAULT =
  '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Server</faultcode>' +
  '<faultstring>The request was not processed.</faultstring></s:Fault></s:Body></s:Envelope>';

/** The server. */
export class Pkb {
  readonly #later: Later;
  readonly #ledger: Ledger;
  readonly #answers: Answer[];
  /** Control IDs of messages that PKB's server cannot take. */
  readonly #poison = new Set<string>();

  constructor(later: Later, ledger: Ledger, answers: readonly Answer[]) {
    this.#later = later;
    this.#ledger = ledger;
    this.#answers = [...answers];
  }

  /** A message that it answers with a fault, always. */
  poison(controlId: string): void {
    this.#poison.add(controlId);
  }

  /** From now on it accepts everything. */
  calm(): void {
    this.#answers.length = 0;
    this.#poison.clear();
  }

  /** How one life of the process reaches it. */
  transport(life: Life): Transport {
    return {
      post: (_url, body, signal) => {
        const bytes = Buffer.concat([...body.pieces()]).toString();
        return this.#post(life, bytes, signal);
      },
      probe: () => Promise.resolve({ failure: { code: 'ECONNREFUSED', written: false } }),
      close: () => undefined,
    };
  }

  #post(life: Life, bytes: string, signal: AbortSignal): Promise<Exchange> {
    if (life.crashed) return new Promise(() => undefined);
    const controlId = /\|(m\d+)\|P\|2\.4/.exec(bytes)?.[1] ?? '';
    const drawn = this.#answers.shift() ?? 'AA';
    const answer = this.#poison.has(controlId) ? 'fault' : drawn;
    this.#ledger.note(`  ${controlId} is sent`);
    this.#ledger.posting(life, controlId, bytes);
    this.#ledger.count(answer);
    return new Promise((resolve) => {
      let isOver = false;
      const end = (label: string, code: string, exchange: Exchange): void =>
        this.#later(label, () => {
          if (isOver || life.crashed) return;
          isOver = true;
          this.#ledger.answered(
            life,
            controlId,
            code,
            'answer' in exchange ? exchange.answer.status : undefined,
          );
          resolve(exchange);
        });
      signal.addEventListener('abort', () =>
        end(`${controlId} is cut off`, '', { failure: { code: 'ERR_CANCELED', written: true } }),
      );
      const said = (): void => {
        const code = ['AA', 'AR', 'AE'].includes(answer) ? answer : '';
        end(`${controlId} is answered: ${answer}`, code, exchangeOf(answer, controlId));
      };
      // What breaks the line says nothing of when PKB takes the message in.
      const hurries = answer === 'taken, no answer' || !TAKEN.has(answer);
      if (hurries) said();
      if (!TAKEN.has(answer)) return;
      this.#later(`PKB takes ${controlId}`, () => {
        this.#ledger.processing(controlId);
        if (!hurries) said();
      });
    });
  }
}

function exchangeOf(answer: Answer, controlId: string): Exchange {
  const http = (status: number, body: string): Exchange => ({
    answer: { status, headers: { 'content-type': 'text/xml' }, body: Buffer.from(body) },
  });
  switch (answer) {
    case 'AA':
    case 'AR':
    case 'AE':
      return http(200, soapAck(answer, controlId));
    case 'AA for another':
      return http(200, soapAck('AA', 'another'));
    case 'AA with 500':
      return http(500, soapAck('AA', controlId));
    case '401':
    case '403':
    case '503':
    case '500':
      return http(Number(answer), '');
    case 'fault':
      return http(500, FAULT);
    case 'HTML':
      return http(200, '<html><body>Log in</body></html>');
    case 'not reached':
      return { failure: { code: 'ECONNREFUSED', written: false } };
    case 'lost':
    case 'taken, no answer':
      return { failure: { code: 'ECONNRESET', written: true } };
  }
}
