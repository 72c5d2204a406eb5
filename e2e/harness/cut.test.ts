import { isUtf8 } from 'node:buffer';
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { encodeClientFrame } from './client-frame.ts';
import { CutWriter } from './cut-writer.ts';
import { CUTS, cutInPieces } from './cut.ts';
import { seededRandom } from './random.ts';

describe('cutting', () => {
  test('loses nothing, and keeps characters whole where text travels', () => {
    const data = Buffer.from('SEND\nx:€🎉\n\n'.repeat(40) + '🎉'.repeat(20_000) + 'end\0');
    for (const cut of CUTS) {
      const pieces = cutInPieces(data, cut, seededRandom(7), true);
      assert.deepEqual(Buffer.concat(pieces), data);
      assert.ok(pieces.every((piece) => piece.length > 0 && isUtf8(piece)));
      assert.deepEqual(Buffer.concat(cutInPieces(data, cut, seededRandom(7), false)), data);
    }
    assert.equal(cutInPieces(Buffer.from('abc'), 'bytes', seededRandom(1), true).length, 3);
  });

  test('joins the frames of one turn in one chunk, with EOLs between', async () => {
    const written: string[] = [];
    const nothing = (): void => undefined;
    const socket = {
      protocol: '',
      write: (data: Buffer) => Promise.resolve(void written.push(data.toString())),
      pause: nothing,
      resume: nothing,
      close: nothing,
      destroy: nothing,
    };
    const writer = new CutWriter(socket, 'joined', 1, true);
    writer.send(Buffer.from('A\n\n\0'));
    writer.send(Buffer.from('B\n\n\0'));
    await writer.sent();
    writer.send(Buffer.from('C\n\n\0'));
    await writer.sendChunks([Buffer.from('D')]);
    assert.deepEqual(written, ['A\n\n\0\nB\n\n\0', 'C\n\n\0', 'D']);
  });
});

describe('encoding for a client', () => {
  test('escapes by version and never in CONNECT', () => {
    const encode = (version: '1.0' | '1.1' | '1.2', command = 'SEND'): string =>
      encodeClientFrame(version, command, { 'a:b': 'c\\d\r' }).toString();
    assert.equal(encode('1.0'), 'SEND\na:b:c\\d\r\n\n\0');
    assert.equal(encode('1.1'), 'SEND\na\\cb:c\\\\d\r\n\n\0');
    assert.equal(encode('1.2'), 'SEND\na\\cb:c\\\\d\\r\n\n\0');
    assert.equal(encode('1.2', 'CONNECT'), 'CONNECT\na:b:c\\d\r\n\n\0');
  });

  test('brings a content-length with octets', () => {
    assert.equal(encodeClientFrame('1.2', 'SEND', [['x', '1'], ['x', '2']], Buffer.from('a\0b')).toString(), 'SEND\nx:1\nx:2\ncontent-length:3\n\na\0b\0');
  });
});
