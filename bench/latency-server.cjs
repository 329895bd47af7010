// A server of its own process that answers every message with AA after so many milliseconds (first argument: one number,
// or from-to), and tells on request how long that really took, in which order
// messages arrived, and over how many connections.
const { createServer } = require('node:http');

const [from, to = from] = (process.argv[2] ?? '0').split('-').map(Number);
const ack = (id) =>
  `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><acceptMessageResponse><return>MSH|^~\\&amp;|HL7API|PKB|A|B|20260101||ACK^R01|PKB-1|P|2.4&#xD;MSA|AA|${id}&#xD;</return></acceptMessageResponse></s:Body></s:Envelope>`;

let waited = 0;
let answered = 0;
let order = [];
let connections = 0;
process.on('message', () => {
  process.send({ latency: waited / answered, order, connections });
  order = [];
});

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (chunk) => (body += chunk));
  request.on('end', () => {
    const start = performance.now();
    const id = /MSH(?:\|[^|]*){8}\|([^|]*)\|/.exec(body)?.[1] ?? '';
    const answer = () => {
      waited += performance.now() - start;
      answered++;
      order.push(Number(id));
      response.end(ack(id));
    };
    const latency = from + Math.random() * (to - from);
    if (latency > 0) setTimeout(answer, latency);
    else answer();
  });
});
server.on('connection', () => connections++);
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
