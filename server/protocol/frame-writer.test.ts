import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeFrame, encodeMessage, messageTail } from './frame-writer.ts';
import { VERSIONS, type Version } from './version.ts';
import { HEADROOM, type WireFrame } from './wire-frame.ts';

/** The frame's octets as Latin-1 text. */
function octets(frame: WireFrame): string {
  const all = Buffer.concat([frame.head, ...(frame.tail ?? [])]);
  assert.equal(frame.length, all.length);
  assert.equal(frame.buffer.length, HEADROOM + frame.head.length);
  return all.toString('latin1');
}

describe('encodeFrame', () => {
  test('writes RECEIPT and CONNECTED without content-length', () => {
    assert.equal(octets(encodeFrame('1.2', 'RECEIPT', ['receipt-id', '77'])), 'RECEIPT\nreceipt-id:77\n\n\0');
    assert.equal(
      octets(encodeFrame('1.2', 'CONNECTED', ['version', '1.2', 'heart-beat', '0,0'])),
      'CONNECTED\nversion:1.2\nheart-beat:0,0\n\n\0',
    );
  });

  test('writes ERROR with the octets of its body counted, also when there are none', () => {
    assert.equal(
      octets(encodeFrame('1.1', 'ERROR', ['message', 'Bad command'], Buffer.from('größer'))),
      'ERROR\nmessage:Bad command\ncontent-length:8\n\ngr\xc3\xb6\xc3\x9fer\0',
    );
    assert.equal(octets(encodeFrame('1.0', 'ERROR', ['message', 'x'])), 'ERROR\nmessage:x\ncontent-length:0\n\n\0');
  });

  test('escapes as the version says', () => {
    const pairs = ['na:me', 'a:b\\c\nd\re\0f'];
    assert.equal(
      octets(encodeFrame('1.2', 'ERROR', pairs)),
      'ERROR\nna\\cme:a\\cb\\\\c\\nd\\re f\ncontent-length:0\n\n\0',
    );
    assert.equal(
      octets(encodeFrame('1.1', 'ERROR', pairs)),
      'ERROR\nna\\cme:a\\cb\\\\c\\nd e f\ncontent-length:0\n\n\0',
    );
    assert.equal(octets(encodeFrame('1.0', 'ERROR', pairs)), 'ERROR\nna me:a:b\\c d e f\ncontent-length:0\n\n\0');
  });

  test('never escapes CONNECTED, and lets nothing be injected there either', () => {
    for (const version of VERSIONS) {
      assert.equal(
        octets(encodeFrame(version, 'CONNECTED', ['session', 'ID:a\\b\r\n\nx\0'])),
        'CONNECTED\nsession:ID:a\\b   x \n\n\0',
      );
    }
  });

  test('leaves an empty value out for 1.0 alone', () => {
    assert.equal(octets(encodeFrame('1.0', 'RECEIPT', ['a', '', 'b', '1'])), 'RECEIPT\nb:1\n\n\0');
    assert.equal(octets(encodeFrame('1.1', 'RECEIPT', ['a', '', 'b', '1'])), 'RECEIPT\na:\nb:1\n\n\0');
    assert.equal(octets(encodeFrame('1.0', 'CONNECTED', ['a', ''])), 'CONNECTED\n\n\0');
    assert.equal(octets(encodeFrame('1.2', 'CONNECTED', ['a', ''])), 'CONNECTED\na:\n\n\0');
  });

  test('is one buffer with a small body, and shares a large one', () => {
    assert.equal(encodeFrame('1.2', 'ERROR', [], Buffer.alloc(4096)).tail, undefined);
    const large = Buffer.alloc(4097, 'x');
    const frame = encodeFrame('1.2', 'ERROR', [], large);
    assert.equal(frame.tail?.[0], large);
    assert.match(octets(frame), /^ERROR\ncontent-length:4097\n\nx{4097}\0$/);
  });

  test('is text when the body is UTF-8, and otherwise not', () => {
    assert.equal(encodeFrame('1.2', 'RECEIPT', ['receipt-id', '\ud800 lone surrogate']).isText, true);
    assert.equal(encodeFrame('1.2', 'ERROR', [], Buffer.from('😀\0')).isText, true);
    assert.equal(encodeFrame('1.2', 'ERROR', [], Buffer.from([0xff])).isText, false);
  });
});

describe('encodeMessage', () => {
  const tailOf = (version: Version, body = Buffer.from('hi')): ReturnType<typeof messageTail> =>
    messageTail(version, ['message-id', 'm:1', 'destination', '/queue/ä'], body, true);

  test('puts the subscription and the delivery first, then what all share', () => {
    assert.equal(
      octets(encodeMessage('1.2', 'sub-0', ['ack', 'd:1', 'redelivered', 'false'], tailOf('1.2'))),
      'MESSAGE\nsubscription:sub-0\nack:d\\c1\nredelivered:false\n' +
        'message-id:m\\c1\ndestination:/queue/\xc3\xa4\ncontent-length:2\n\nhi\0',
    );
  });

  test('has no subscription header for a 1.0 client that gave no id', () => {
    assert.equal(
      octets(encodeMessage('1.0', undefined, [], tailOf('1.0'))),
      'MESSAGE\nmessage-id:m:1\ndestination:/queue/\xc3\xa4\ncontent-length:2\n\nhi\0',
    );
  });

  test('counts the octets of any body, none and NULs included', () => {
    assert.match(octets(encodeMessage('1.2', 's', [], tailOf('1.2', Buffer.alloc(0)))), /\ncontent-length:0\n\n\0$/);
    assert.match(
      octets(encodeMessage('1.2', 's', [], tailOf('1.2', Buffer.from('😀')))),
      /\ncontent-length:4\n\n.{4}\0$/,
    );
    assert.match(
      octets(encodeMessage('1.2', 's', [], tailOf('1.2', Buffer.alloc(2)))),
      /\ncontent-length:2\n\n\0\0\0$/,
    );
  });

  test('escapes a subscription id for its receiver', () => {
    assert.match(
      octets(encodeMessage('1.2', 'ä:\r\n', [], tailOf('1.2'))),
      /^MESSAGE\nsubscription:\xc3\xa4\\c\\r\\n\n/,
    );
    assert.match(octets(encodeMessage('1.0', 'ä:\r\n', [], tailOf('1.0'))), /^MESSAGE\nsubscription:\xc3\xa4: {2}\n/);
  });

  test('copies a body up to 4 KiB and shares a larger one', () => {
    const small = Buffer.alloc(4096, 'x');
    const large = Buffer.alloc(4097, 'x');
    assert.equal(encodeMessage('1.2', 's', [], tailOf('1.2', small)).tail, undefined);
    const tail = tailOf('1.2', large);
    const frames = [encodeMessage('1.2', 's', [], tail), encodeMessage('1.2', 't', [], tail)];
    for (const frame of frames) {
      assert.equal(frame.tail?.[0], large);
      assert.match(octets(frame), /content-length:4097\n\nx{4097}\0$/);
    }
  });

  test('carries whether the body is text', () => {
    assert.equal(encodeMessage('1.2', 's', [], messageTail('1.2', [], Buffer.from([0xff]), false)).isText, false);
    assert.equal(encodeMessage('1.2', 's', [], tailOf('1.2')).isText, true);
  });
});
