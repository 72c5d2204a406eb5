import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { ServerFrameReader, type Arrival } from './server-frame-reader.ts';
import { WireViolation, type ServerFrame } from './server-frame.ts';

const connected = (version: string): Buffer =>
  Buffer.from(`CONNECTED\nversion:${version}\nsession:s-1\nserver:x/1\nheart-beat:0,0\n\n\0`);
const message = (headers: string, body: string, length = Buffer.byteLength(body)): Buffer =>
  Buffer.from(`MESSAGE\ndestination:/queue/a\nmessage-id:m1\ntimestamp:1\nredelivered:false\n${headers}content-length:${length}\n\n${body}\0`);

function opened(version = '1.2'): ServerFrameReader {
  const reader = new ServerFrameReader();
  reader.push(connected(version));
  return reader;
}

function frames(arrivals: readonly Arrival[]): ServerFrame[] {
  return arrivals.flatMap((arrival) => (arrival.kind === 'frame' ? [arrival.frame] : []));
}

function refuses(act: () => unknown, rule: RegExp): void {
  assert.throws(act, (error) => error instanceof WireViolation && rule.test(error.message));
}

describe('the strict reader of server frames', () => {
  test('reads frames and beats from a stream cut anywhere', () => {
    const stream = Buffer.concat([connected('1.2'), Buffer.from('\n'), message('a\\cb:c\\nd\\r\\\\\n', 'h€\0llo'), Buffer.from('\n')]);
    for (let size = 1; size <= stream.length; size++) {
      const reader = new ServerFrameReader();
      const arrivals: Arrival[] = [];
      for (let at = 0; at < stream.length; at += size) arrivals.push(...reader.push(stream.subarray(at, at + size)));
      reader.end();
      assert.deepEqual(arrivals.map((arrival) => arrival.kind), ['frame', 'beat', 'frame', 'beat']);
      const [, delivered] = frames(arrivals);
      assert.equal(delivered?.headers['a:b'], 'c\nd\r\\');
      assert.equal(delivered.text, 'h€\0llo');
    }
  });

  test('leaves 1.0 headers and CONNECTED as they stand', () => {
    const [frame] = frames(opened('1.0').push(message('a:b\\c:d\n', '')));
    assert.equal(frame?.headers['a'], 'b\\c:d');
    const [first] = frames(new ServerFrameReader().push(Buffer.from('CONNECTED\nversion:1.2\nsession:a\\b:c\nserver:x\nheart-beat:0,0\n\n\0')));
    assert.equal(first?.headers['session'], 'a\\b:c');
  });

  test('takes one whole frame, or one LF, as a WebSocket message and nothing else', () => {
    refuses(() => new ServerFrameReader().message(Buffer.concat([connected('1.2'), Buffer.from('\n')]), false), /exactly one whole frame/);
    refuses(() => new ServerFrameReader().message(Buffer.concat([Buffer.from('\n'), connected('1.2')]), false), /M11/);
    refuses(() => new ServerFrameReader().message(connected('1.2').subarray(0, -1), false), /exactly one whole frame/);
    refuses(() => opened().message(Buffer.concat([message('', 'a'), message('', 'b')]), false), /exactly one whole frame/);
    refuses(() => opened().message(Buffer.from('\n'), true), /text message/);
    assert.equal(opened().message(Buffer.from('\n'), false).kind, 'beat');
  });

  test('wants text for UTF-8 and binary for the rest', () => {
    refuses(() => opened().message(message('', 'text'), true), /travels as text/);
    const bytes = Buffer.concat([message('', '', 1).subarray(0, -1), Buffer.from([0xff, 0])]);
    refuses(() => opened().message(bytes, false), /travels as binary/);
    assert.equal(opened().message(bytes, true).kind, 'frame');
  });

  test('refuses what no server may send', () => {
    const cases: [Buffer | string, RegExp, string?][] = [
      ['HELLO\n\n\0', /M11/],
      ['RECEIPT\r\nreceipt-id:1\n\n\0', /M11/],
      ['RECEIPT\nreceipt-id:1\r\n\n\0', /no CR/],
      ['RECEIPT\nreceipt-id\n\n\0', /name:value/],
      ['RECEIPT\n:1\n\n\0', /name:value/],
      ['RECEIPT\nreceipt-id:1\n\0', /blank line/],
      ['RECEIPT\nreceipt-id:1\n\nbody\0', /F16/],
      ['RECEIPT\n\n\0', /M7/],
      ['RECEIPT\nreceipt-id:a:b\n\n\0', /colon/],
      ['RECEIPT\nreceipt-id:a\\tb\n\n\0', /undefined escape/],
      ['RECEIPT\nreceipt-id:a\\\n\n\0', /undefined escape/],
      ['RECEIPT\nreceipt-id:a\\rb\n\n\0', /escaped CR/, '1.1'],
      ['RECEIPT\nreceipt-id:\n\n\0', /F8/, '1.0'],
      ['RECEIPT\nreceipt-id:1\nreceipt-id:2\n\n\0', /stands once/],
      [message('', 'abc', 2), /followed by NUL/],
      [message('transaction:t\n', 'a'), /S5/],
      [message('ack:a\n', 'a'), /JMSXDeliveryCount/],
      ['MESSAGE\ndestination:/queue/a\nmessage-id:m\ntimestamp:1\nredelivered:false\n\na\0', /content-length/],
      ['MESSAGE\ndestination:/queue/a\nmessage-id:m\ntimestamp:1\ncontent-length:0\n\n\0', /redelivered/],
      ['ERROR\ncode:x\n\n\0', /message/],
      ['ERROR\nmessage:a\\nb\ncode:x\n\n\0', /one line/],
      ['ERROR\nmessage:a\ncode:x\ncontent-length:4\n\nabcd\0', /text\/plain/],
      [connected('1.2'), /once and first/],
    ];
    for (const [octets, rule, version] of cases) refuses(() => opened(version).push(Buffer.from(octets)), rule);
    refuses(() => new ServerFrameReader().push(message('', 'a')), /once and first/);
    refuses(() => new ServerFrameReader().push(Buffer.from('\n')), /heart-beat while opening/);
    refuses(() => new ServerFrameReader().push(connected('1.3')), /C6/);
    const failed = opened();
    failed.push(Buffer.from('ERROR\nmessage:a\ncode:x\n\n\0'));
    refuses(() => failed.push(message('', 'a')), /nothing follows/);
    const cut = opened();
    cut.push(Buffer.from('MESS'));
    refuses(() => cut.end(), /ended within/);
  });
});
