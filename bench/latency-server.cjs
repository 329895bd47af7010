// A server of its own process that answers every message after so many milliseconds (first argument: one number, or
// from-to), with AA or, with a second argument, with faults: 5 % of connections reset before the message is processed, 5 %
// answered 503, 3 % reset after it was processed, 2 % of messages rejected (AR). Tells on request what it has seen.
const { createServer } = require('node:http');

const [from, to = from] = (process.argv[2] ?? '0').split('-').map(Number);
const faulty = process.argv[3] === 'faults';
const ack = (code, id) =>
  `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><acceptMessageResponse><return>MSH|^~\\&amp;|HL7API|PKB|A|B|20260101||ACK^R01|PKB-1|P|2.4&#xD;MSA|${code}|${id}&#xD;</return></acceptMessageResponse></s:Body></s:Envelope>`;

let waited = 0;
let answered = 0;
let connections = 0;
/** Control IDs in the order in which they were processed, and those that were rejected. */
let order = [];
let rejected = [];
let random = 7;
const dice = () => (random = (random * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;

process.on('message', () => {
  process.send({ latency: waited / answered, order, rejected, connections });
  order = [];
  rejected = [];
});

/** One message in fifty, always the same. */
const isRejected = (id) => faulty && Number(id) % 50 === 13;

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (chunk) => (body += chunk));
  request.on('end', () => {
    const start = performance.now();
    const id = /MSH(?:\|[^|]*){8}\|([^|]*)\|/.exec(body)?.[1] ?? '';
    const fault = faulty ? dice() : 1;
    if (fault < 0.05) return request.socket.destroy();
    const answer = () => {
      waited += performance.now() - start;
      answered++;
      if (fault < 0.1) return response.writeHead(503).end();
      order.push(Number(id));
      if (fault < 0.13) return request.socket.destroy();
      if (isRejected(id)) rejected.push(Number(id));
      response.end(ack(isRejected(id) ? 'AR' : 'AA', id));
    };
    const latency = from + dice() * (to - from);
    if (latency > 0) setTimeout(answer, latency);
    else answer();
  });
});
server.on('connection', () => connections++);
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
