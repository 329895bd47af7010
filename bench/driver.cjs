// Posts messages to a flow from a process of its own, as partners' systems do: 50 patients, each over a connection of its
// own, the next message of a patient when the flow has answered for the last one.
const { Agent, request } = require('node:http');

const PATIENTS = 50;
const [, , url, count] = process.argv;
const agent = new Agent({ keepAlive: true, maxSockets: PATIENTS });

const message = (n) =>
  `MSH|^~\\&|MAILCO|trustalias{trustalias}|HL7API|PKB|20260101120000||ADT^A28|${n}|P|2.4\rPID|||99900${10_000 + (n % PATIENTS)}^^^NHS^NH||Example^Alex||19700101|U\rNTE|1||${'x'.repeat(1000)}\r`;

const post = (n) =>
  new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: 'POST', agent, headers: { 'content-type': 'text/plain' } },
      (response) => {
        response.resume();
        response.once('end', () =>
          response.statusCode === 202 ? resolve() : reject(new Error(response.statusCode)),
        );
      },
    );
    sent.once('error', reject);
    sent.end(message(n));
  });

async function patient(first) {
  for (let n = first; n < Number(count); n += PATIENTS) await post(n);
}

process.once('message', () => {
  void Promise.all(Array.from({ length: PATIENTS }, (_, n) => patient(n))).then(() => process.send('posted'));
});
process.send('ready');
