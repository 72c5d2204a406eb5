import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NatsReader } from './nats-reader.ts';

test('a NATS reader finds units however the server cut them', () => {
  const stream = Buffer.from('INFO {"a":1}\r\nPONG\r\nMSG a.b sub-0 5\r\nhe\r\no\r\nPING\r\nMSG a.b sub-0 12\r\nhello, world\r\n-ERR \'No\'\r\n');
  const expected = ['ready', 'MSG he\r\no', 'pong', 'MSG hello, world', "failed -ERR 'No'"];
  for (let size = 1; size <= stream.length; size++) {
    const found: string[] = [];
    const reader = new NatsReader(
      {
        ready: () => found.push('ready'),
        confirmed: () => found.push('confirmed'),
        delivered: (buffer, start, bodyEnd) => {
          const body = buffer.toString('latin1', start, bodyEnd);
          found.push(`MSG ${body.slice(body.indexOf('\r\n') + 2)}`);
        },
        failed: (why) => found.push(`failed ${why}`),
      },
      () => found.push('pong'),
    );
    for (let at = 0; at < stream.length; at += size) reader.message(stream, at, Math.min(at + size, stream.length));
    assert.deepEqual(found, expected, `in pieces of ${size}`);
  }
});
