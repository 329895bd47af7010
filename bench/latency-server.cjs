// A server of its own process that answers every message with AA after so many milliseconds (first argument).
const { createServer } = require('node:http');
const latency = Number(process.argv[2] ?? 0);
const ack = (id) =>
  `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><acceptMessageResponse><return>MSH|^~\\&amp;|HL7API|PKB|A|B|20260101||ACK^R01|PKB-1|P|2.4&#xD;MSA|AA|${id}&#xD;</return></acceptMessageResponse></s:Body></s:Envelope>`;
// How long answers really took: timers are not as exact as their names.
let waited = 0;
let answered = 0;
process.on('message', () => process.send({ latency: waited / answered }));

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (chunk) => (body += chunk));
  request.on('end', () => {
    const start = performance.now();
    const answer = () => {
      waited += performance.now() - start;
      answered++;
      response.end(ack(/ADT\^A28\|([^|]*)\|/.exec(body)?.[1] ?? ''));
    };
    if (latency > 0) setTimeout(answer, latency);
    else answer();
  });
});
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
