import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { encodeRequest } from '../../../src/pkb/soap/request.js';
import { isLoopback, refusalOf } from '../../../src/simulator/entry.js';
import type { Limits } from '../../../src/simulator/limits.js';
import { type RunningSimulator, startSimulator } from '../../../src/simulator/server.js';
import { stamped } from '../../support/messages.js';
import { until } from '../../support/wait.js';

const CREDENTIALS = { username: 'partner_mailco', password: 'testing' };
const BASIC = `Basic ${Buffer.from('partner_mailco:testing').toString('base64')}`;
const MIB = 2 ** 20;

describe('who may send to the simulator, and how much', () => {
  let running: RunningSimulator;
  let sockets: Socket[] = [];
  const start = async (limits: Partial<Limits> = {}): Promise<void> => {
    running = await startSimulator({ ...CREDENTIALS, limits });
  };
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets = [];
    await running.close();
  });

  /** Begins a post that is not finished. */
  function begin(length: number, authorization = ''): { socket: Socket; answer(): string; status(): number } {
    const { hostname, port, pathname } = new URL(running.url);
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    sockets.push(socket);
    const length_ = length === 0 ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`;
    socket.write(
      `POST ${pathname} HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\n${authorization && `Authorization: ${authorization}\r\n`}${length_}\r\n\r\n`,
    );
    return { socket, answer: () => answer, status: () => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0) };
  }

  const post = (body: string): Promise<Response> =>
    fetch(running.url, {
      method: 'POST',
      headers: { authorization: BASIC, 'content-type': 'text/xml' },
      body,
    });

  it('answers 40 unfinished posts without credentials before their bodies come, and keeps none of these', async () => {
    await start();
    const before = process.memoryUsage().arrayBuffers;
    const posts = Array.from({ length: 40 }, () => begin(60 * MIB));
    await until('all are answered', () => posts.every(({ answer }) => answer().includes('\r\n\r\n')));
    for (const { answer, status } of posts) {
      assert.equal(status(), 401);
      assert.match(answer(), /WWW-Authenticate: Basic realm="PKB simulator"/i);
    }
    const piece = Buffer.alloc(MIB, 'x');
    for (let n = 0; n < 5; n++)
      await Promise.all(posts.map(({ socket }) => new Promise((resolve) => socket.write(piece, resolve))));
    // What was read and dropped is there until it is collected, which allocating brings about.
    await until('less than 64 MiB are held of 200 MiB sent', () => {
      Buffer.alloc(MIB);
      return (process.memoryUsage().arrayBuffers - before) / MIB < 64;
    });
  });

  it('answers 413 to what is too large by its own word, before the body comes, and to what turns out to be', async () => {
    await start({ request: 100_000 });
    const declared = begin(100_001, BASIC);
    await until('it is answered', () => declared.status() === 413);
    const streamed = begin(0, BASIC);
    for (let n = 0; n < 3; n++) streamed.socket.write(`c350\r\n${'x'.repeat(50_000)}\r\n`);
    await until('it is answered', () => streamed.status() === 413);
    assert.equal((await post(encodeRequest(stamped('1')))).status, 200);
  });

  it('takes 64 MiB and no more unless told otherwise', async () => {
    await start();
    const larger = begin(64 * MIB + 1, BASIC);
    await until('it is answered', () => larger.status() === 413);
  });

  it('answers 503 while too much is being read at once, and takes messages again afterwards', async () => {
    await start({ requests: 300_000 });
    const held = begin(250_000, BASIC);
    held.socket.write('x'.repeat(200_000));
    await until('the next one finds no room', async () => (await post('y'.repeat(150_000))).status === 503);
    const refused = await post('y'.repeat(150_000));
    assert.equal(refused.headers.get('retry-after'), '1');
    held.socket.destroy();
    await until('there is room again', async () => (await post('y'.repeat(150_000))).status === 500);
  });

  it('takes messages from its own computer only while it has no user name and password', async () => {
    await start();
    const head = {
      method: 'POST',
      wsdl: false,
      authorization: BASIC,
      contentType: 'text/xml',
      contentEncoding: undefined,
      contentLength: '1',
    };
    for (const remoteAddress of ['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1', '::FFFF:127.0.0.2'])
      assert.equal(refusalOf({ ...head, remoteAddress }, {}, 10), undefined, remoteAddress);
    for (const remoteAddress of [
      '10.0.0.1',
      '::ffff:10.0.0.1',
      'fe80::1',
      '1127.0.0.1',
      '127.0.0.1.example',
      '',
      undefined,
    ]) {
      for (const half of [{}, { username: 'x' }, { password: 'x' }, { username: '', password: '' }]) {
        const refusal = refusalOf({ ...head, remoteAddress }, half, 10);
        assert.equal(refusal?.status, 403, remoteAddress);
        assert.match(refusal.body, /Set a user name and a password/);
        assert.match(refusal.headers['content-type'] ?? '', /^text\/plain/);
      }
      assert.equal(refusalOf({ ...head, remoteAddress }, CREDENTIALS, 10), undefined);
      assert.equal(refusalOf({ ...head, remoteAddress, wsdl: true, method: 'GET' }, {}, 10)?.status, 403);
    }
    assert.ok(!isLoopback('::ffff:127.0.0'));
  });

  it('does not count a request it refuses among its faults', async () => {
    running = await startSimulator({ ...CREDENTIALS, faults: { script: ['503'] } });
    assert.equal((await fetch(running.url, { method: 'POST', body: 'x' })).status, 401);
    assert.equal((await post(encodeRequest(stamped('1')))).status, 503);
  });
});
