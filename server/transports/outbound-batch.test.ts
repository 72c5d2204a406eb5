import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HEADROOM, WireFrame } from '../protocol/wire-frame.ts';
import { OutboundBatch, type Framing } from './outbound-batch.ts';
import { frameOf } from './testbed.ts';

const bare: Framing = (frame) => frame.head;

function text(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString();
}

function along(root: OutboundBatch, frames: readonly WireFrame[]): OutboundBatch {
  return frames.reduce((batch, frame) => batch.followedBy(frame), root);
}

describe('an outbound batch', () => {
  const [a, b, c] = [frameOf('a'), frameOf('b'), frameOf('c')];

  test('is the same for connections that get the same frames in the same order, and joins them once', () => {
    const root = new OutboundBatch();
    const first = along(root, [a, b, c]);
    assert.equal(along(root, [a, b, c]), first);
    assert.equal(text(first.chunks(bare)), 'abc');
    assert.equal(first.chunks(bare), first.chunks(bare));
    assert.equal(first.bytes, 3);
  });

  test('is another where the order, the start or the end differs', () => {
    const root = new OutboundBatch();
    for (const [frames, expected] of [
      [[a, b, c], 'abc'],
      [[a, c, b], 'acb'],
      [[b, c], 'bc'],
      [[a, b], 'ab'],
      [[a, b, c, c], 'abcc'],
    ] as const) {
      assert.equal(text(along(root, frames).chunks(bare)), expected);
    }
  });

  test('does not mix frames of equal octets that are not the same frame', () => {
    const root = new OutboundBatch();
    assert.notEqual(root.followedBy(frameOf('a')), root.followedBy(frameOf('a')));
  });

  test('serves connections that take turns frame by frame, as rooms do', () => {
    const root = new OutboundBatch();
    const steps = [root, root, root];
    for (const frame of [a, b, c]) for (const i of [0, 1, 2]) steps[i] = steps[i]!.followedBy(frame);
    assert.equal(new Set(steps).size, 1);
  });

  test('hands on a single frame without copying it', () => {
    const chunks = new OutboundBatch().followedBy(a).chunks(bare);
    assert.equal(chunks.length, 1);
    assert.equal(chunks[0]?.buffer, a.buffer.buffer);
  });

  test('hands on large bodies as they stand and joins only what is small', () => {
    const body = Buffer.alloc(100_000, 'x');
    const large = new WireFrame(Buffer.alloc(HEADROOM + 3, 'h'), true, [body, Buffer.from('\0')]);
    const chunks = along(new OutboundBatch(), [a, large, b]).chunks(bare);
    assert.deepEqual(chunks.map((chunk) => chunk.length), [4, 100_000, 2]);
    assert.equal(chunks[1], body);
    assert.equal(text(chunks), `ahhh${'x'.repeat(100_000)}\0b`);
  });
});
