import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatheredBytes } from './gathered-bytes.ts';

test('joins what came in pieces and hands it over once', () => {
  const gathered = new GatheredBytes();
  gathered.append(Buffer.from('..ab..'), 2, 4);
  gathered.append(Buffer.from('cdef'), 0, 4);
  assert.equal(gathered.length, 6);
  assert.equal(gathered.bytes.toString(), 'abcdef');
  assert.equal(gathered.take().toString(), 'abcdef');
  assert.equal(gathered.length, 0);
  assert.equal(gathered.take().length, 0);
});

test('copies, so that a chunk may be written over afterwards', () => {
  const gathered = new GatheredBytes();
  const chunk = Buffer.from('abc');
  gathered.append(chunk, 0, 3);
  chunk.fill('x');
  assert.equal(gathered.bytes.toString(), 'abc');
});

test('what was taken is never written over by what comes next', () => {
  const gathered = new GatheredBytes();
  gathered.append(Buffer.from('abc'), 0, 3);
  const taken = gathered.take();
  gathered.append(Buffer.from('xyz'), 0, 3);
  assert.equal(taken.toString(), 'abc');
});

test('makes room as octets come, not as they are announced', () => {
  const gathered = new GatheredBytes();
  gathered.append(Buffer.from('a'), 0, 1, 4 * 1024 * 1024);
  assert.ok(gathered.bytes.buffer.byteLength <= 8 * 1024, `${gathered.bytes.buffer.byteLength} octets for one`);
  gathered.clear();
  gathered.append(Buffer.from('a'), 0, 1, 10);
  assert.equal(gathered.bytes.buffer.byteLength, 10);
});
