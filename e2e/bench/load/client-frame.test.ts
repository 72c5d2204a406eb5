import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientFrame, FrameTemplate } from './client-frame.ts';

/** What a server reads from one client frame. */
function unmask(frame: Buffer): { opcode: number; text: string } {
  assert.equal(frame[1]! & 0x80, 0x80, 'a client masks');
  const short = frame[1]! & 0x7f;
  const lengthBytes = short < 126 ? 0 : short === 126 ? 2 : 8;
  const length = lengthBytes === 0 ? short : lengthBytes === 2 ? frame.readUInt16BE(2) : Number(frame.readBigUInt64BE(2));
  const mask = frame.subarray(2 + lengthBytes, 6 + lengthBytes);
  assert.notEqual(mask.readUInt32BE(), 0);
  const payload = Buffer.from(frame.subarray(6 + lengthBytes));
  assert.equal(payload.length, length);
  return { opcode: frame[0]! & 0x0f, text: payload.map((octet, i) => octet ^ mask[i & 3]!).toString() };
}

test('a client frame reads back as it was written, at every size of its length field', () => {
  for (const length of [0, 1, 125, 126, 65_535, 65_536]) {
    const text = 'ä'.repeat(length / 2) + 'x'.repeat(length % 2);
    assert.deepEqual(unmask(clientFrame('text', text)), { opcode: 1, text });
  }
});

test('copies of a template differ in their slots only', () => {
  const template = new FrameTemplate('binary', ['PUB ', 3, ' ü ', 10, 1, '\r\n']);
  const copies = Buffer.alloc(template.length * 2);
  template.copyTo(copies, 0, [7, 1_234_567_890, 0]);
  template.copyTo(copies, template.length, [123, 9_999_999_999, 5]);
  assert.deepEqual(unmask(copies.subarray(0, template.length)), { opcode: 2, text: 'PUB 007 ü 12345678900\r\n' });
  assert.deepEqual(unmask(copies.subarray(template.length)), { opcode: 2, text: 'PUB 123 ü 99999999995\r\n' });
});
