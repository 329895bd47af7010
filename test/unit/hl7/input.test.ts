import assert from 'node:assert/strict';
import iconv from 'iconv-lite';
import { readMessage, readMessages } from '../../../src/hl7/input.js';

const MESSAGE = 'MSH|^~\\&|A||||||ADT^A28\rPID|1\r';

describe('input forms', () => {
  it('takes CR, LF and CRLF, and ends segments by CR', () => {
    for (const lineEnd of ['\r', '\n', '\r\n'])
      assert.equal(readMessage(MESSAGE.replaceAll('\r', lineEnd)), MESSAGE);
  });

  it('takes off an MLLP frame, a byte order mark and white space before the message', () => {
    for (const text of [
      `\v${MESSAGE}\x1c\r`,
      `\uFEFF${MESSAGE}`,
      `\r\n  ${MESSAGE}`,
      `\uFEFF\v${MESSAGE}\x1c`,
    ]) {
      assert.equal(readMessage(text), MESSAGE);
      assert.equal(readMessage(Buffer.from(text)), MESSAGE);
    }
  });

  it('keeps a line feed that stands within a field of a message whose segments end by CR', () => {
    const text = 'MSH|^~\\&|A||||||ADT^A28\rNTE|1||one\ntwo\rPID|1\r';
    assert.equal(readMessage(text), text);
  });

  it('takes a line feed before a segment name as a line end where line ends are mixed', () => {
    assert.equal(readMessage('MSH|^~\\&|A\nPID|1\r\nNTE|1\r'), 'MSH|^~\\&|A\rPID|1\rNTE|1\r');
  });

  it('reads bytes as UTF-8', () => {
    const text = MESSAGE.replace('PID|1', 'PID|Łucja Gwenllïan 😀');
    assert.equal(readMessage(Buffer.from(text)), text);
    assert.equal(readMessage(new Uint8Array(Buffer.from(text))), text);
  });

  it('reads bytes in the character set that MSH-18 declares', () => {
    for (const [declared, encoding, name] of [
      ['8859/1', 'iso-8859-1', 'Müller'],
      ['8859/2', 'iso-8859-2', 'Łucja'],
      ['8859/15', 'iso-8859-15', '€uro'],
      ['UNICODE UTF-8', 'utf8', 'Łucja'],
      ['GB 18030-2000', 'gb18030', '张伟'],
    ] as const) {
      const text = `MSH|^~\\&|A||||||ADT^A28|1|P|2.4||||||${declared}\rPID|||||${name}\r`;
      assert.equal(readMessage(iconv.encode(text, encoding)), text);
    }
  });

  it('refuses bytes that are not in the character set declared, or in one it does not know', () => {
    const latin = (charset: string): Buffer => {
      return Buffer.from(`MSH|^~\\&|A||||||ADT^A28|1|P|2.4||||||${charset}\rPID|M\xfcller\r`, 'latin1');
    };
    for (const charset of ['', 'UNICODE UTF-8', 'ASCII', 'ISO IR87', '__proto__', 'constructor']) {
      assert.throws(() => readMessage(latin(charset)), { code: 'PKB_HL7_CHARSET' });
    }
  });

  it('splits a batch into its messages, and counts them where one is wanted', () => {
    const batch = `FHS|^~\\&|X\rBHS|^~\\&|X\r${MESSAGE}${MESSAGE}BTS|2\rFTS|1\r`;
    assert.deepEqual(readMessages(batch), [MESSAGE, MESSAGE]);
    assert.deepEqual(readMessages(MESSAGE + MESSAGE + MESSAGE), [MESSAGE, MESSAGE, MESSAGE]);
    assert.deepEqual(readMessages(batch.replaceAll('\r', '\n')), [MESSAGE, MESSAGE]);
    assert.throws(() => readMessage(batch), { code: 'PKB_HL7_BATCH', message: /holds 2 messages/ });
    assert.throws(() => readMessages('FHS|^~\\&|X\rBHS|^~\\&|X\rBTS|0\r'), { code: 'PKB_HL7_BATCH' });
  });

  it('leaves nothing of a batch in its messages, whatever stands between them', () => {
    const lines = MESSAGE.replaceAll('\r', '\n');
    assert.deepEqual(readMessages(`FHS|^~\\&\nBHS|^~\\&\n${lines}BTS|1\nFTS|1\n\n`), [MESSAGE]);
    assert.deepEqual(readMessages(`BHS|^~\\&\r${MESSAGE}BTS|1\r\rBHS|^~\\&\r${MESSAGE}BTS|1\r`), [
      MESSAGE,
      MESSAGE,
    ]);
    assert.deepEqual(readMessages(`BHS|^~\\&\r${MESSAGE}MSH notes\rBTS|1\r`), [`${MESSAGE}MSH notes\r`]);
  });

  it('reads several MLLP frames as several messages', () => {
    assert.deepEqual(
      readMessages(`\v${MESSAGE}\x1c\r\v${MESSAGE}\x1c\r`).map((text) => text.trim()),
      [MESSAGE.trim(), MESSAGE.trim()],
    );
  });

  it('does not cut off what stands before MSH', () => {
    assert.deepEqual(readMessages(`PID|1\r${MESSAGE}`), [`PID|1\r${MESSAGE}`]);
  });

  it('refuses bytes of a batch whose messages declare different character sets', () => {
    const one = (charset: string): string => `MSH|^~\\&|A||||||ADT^A28|1|P|2.4||||||${charset}\rPID|x\r`;
    assert.throws(() => readMessages(Buffer.from(one('8859/1') + one('UNICODE UTF-8'))), {
      code: 'PKB_HL7_CHARSET',
    });
    assert.equal(readMessages(Buffer.from(one('8859/1') + one('8859/1'))).length, 2);
  });

  it('refuses what is no text', () => {
    for (const input of [undefined, null, 7, {}, [], true]) {
      assert.throws(() => readMessage(input), { code: 'PKB_HL7_TYPE' });
    }
    for (const input of ['', '  \r\n', '\uFEFF', '\v\x1c\r', Buffer.alloc(0)]) {
      assert.throws(() => readMessage(input), { code: 'PKB_HL7_EMPTY' });
    }
  });
});
