import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HEADROOM, WireFrame } from '../protocol/wire-frame.ts';
import { OPCODE, parseMessages } from './testbed.ts';
import { webSocketFrame } from './websocket-frame.ts';

function frame(length: number, isText = true, tail?: Buffer[]): WireFrame {
  return new WireFrame(Buffer.alloc(HEADROOM + length, 'a'), isText, tail);
}

describe('a WebSocket frame', () => {
  test('is one whole unmasked message, of every form of length', () => {
    for (const length of [1, 2, 125, 126, 127, 65_535, 65_536, 5_000_000]) {
      const [message, ...others] = parseMessages(webSocketFrame(frame(length)));
      assert.deepEqual(others, []);
      assert.equal(message?.isFinal, true);
      assert.equal(message?.payload.length, length);
      assert.ok(message?.payload.every((octet) => octet === 0x61));
    }
  });

  test('is text where the octets are valid UTF-8, else binary', () => {
    assert.equal(parseMessages(webSocketFrame(frame(5, true)))[0]?.opcode, OPCODE.text);
    assert.equal(parseMessages(webSocketFrame(frame(5, false)))[0]?.opcode, OPCODE.binary);
  });

  test('counts a body that follows from elsewhere', () => {
    const tail = [Buffer.alloc(100_000, 'b'), Buffer.alloc(1)];
    const head = webSocketFrame(frame(50, true, tail));
    const [message] = parseMessages(Buffer.concat([head, ...tail]));
    assert.equal(message?.payload.length, 100_051);
  });

  test('is written once, in the memory of the frame, for everyone who gets it', () => {
    const shared = frame(200);
    const octets = webSocketFrame(shared);
    assert.equal(webSocketFrame(shared), octets);
    assert.equal(octets.buffer, shared.buffer.buffer);
    assert.equal(shared.head.length, 200);
  });
});
