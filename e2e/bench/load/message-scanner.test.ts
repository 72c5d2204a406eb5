import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MessageScanner } from './message-scanner.ts';

function serverFrame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const header = length < 126 ? Buffer.from([0x80 | opcode, length]) : Buffer.alloc(length < 65536 ? 4 : 10);
  if (length >= 126) {
    header[0] = 0x80 | opcode;
    header[1] = length < 65536 ? 126 : 127;
    if (length < 65536) header.writeUInt16BE(length, 2);
    else header.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([header, payload]);
}

function scan(chunks: readonly Buffer[]): string[] {
  const found: string[] = [];
  const scanner = new MessageScanner({
    message: (buffer, start, end) => found.push(buffer.toString('latin1', start, end)),
    ping: (payload) => found.push(`ping ${payload.toString('latin1')}`),
    closed: (status) => found.push(`closed ${status}`),
  });
  for (const chunk of chunks) scanner.push(chunk, 0, chunk.length);
  return found;
}

const texts = ['a', '', 'b'.repeat(125), 'c'.repeat(126), 'd'.repeat(70_000), 'e'];
const stream = Buffer.concat([
  ...texts.map((text) => serverFrame(1, Buffer.from(text))),
  serverFrame(9, Buffer.from('hello')),
  serverFrame(8, Buffer.from([0x03, 0xe8])),
]);
const expected = [...texts, 'ping hello', 'closed 1000'];

describe('a message scanner', () => {
  test('finds every message of a chunk', () => assert.deepEqual(scan([stream]), expected));

  test('finds the same however the bytes are cut', () => {
    for (const size of [1, 2, 3, 7, 127, 4_096]) {
      const chunks: Buffer[] = [];
      for (let at = 0; at < stream.length; at += size) chunks.push(stream.subarray(at, at + size));
      assert.deepEqual(scan(chunks), expected, `in pieces of ${size}`);
    }
  });

  test('keeps the octets of a cut message though the chunk is overwritten', () => {
    const [first, second] = [stream.subarray(0, 40), stream.subarray(40)];
    const reused = Buffer.from(first);
    const found: string[] = [];
    const ignore = (): void => assert.fail('nothing but messages is looked at here');
    const scanner = new MessageScanner({ message: (buffer, start, end) => found.push(buffer.toString('latin1', start, end)), ping: ignore, closed: ignore });
    scanner.push(reused, 0, reused.length);
    reused.fill(0);
    scanner.push(second, 0, 130);
    assert.deepEqual(found, texts.slice(0, 3));
  });

  test('refuses a masked frame', () => assert.throws(() => scan([Buffer.from([0x81, 0x81, 1, 2, 3, 4, 5])]), /unmasked/));
});
