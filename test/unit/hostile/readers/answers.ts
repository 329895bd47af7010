/** What reads answers and requests: acknowledgements and XML. */
import { judgeAnswer } from '../../../../src/delivery/classify.js';
import { readAck } from '../../../../src/hl7/ack.js';
import { decodeResponse } from '../../../../src/pkb/soap/response.js';
import { readXml } from '../../../../src/pkb/soap/xml.js';
import { Simulator, summaryOf } from '../../../../src/simulator/simulator.js';
import { ofBytes, type Readers } from './reader.js';

/** Readers by name. */
export const ANSWER_READERS: Readers = {
  readAck: (text) => readAck(text),
  decodeResponse: (text) => decodeResponse(text, 'A1'),
  'decodeResponse of a Buffer': ofBytes((bytes) => decodeResponse(bytes, 'A1')),
  judgeAnswer: ofBytes((body) => judgeAnswer({ status: 200, headers: {}, body }, 'A1', new Date(0))),
  readXml: (text) => readXml(text),
  'Simulator, a request': (body) => {
    const { received } = new Simulator({}).handle({ authorization: 'Basic dTpw', body });
    return received && summaryOf(received);
  },
};
