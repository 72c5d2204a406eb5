import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FrameParser } from './frame-parser.ts';
import { LIMITS_AFTER_LOGIN, LIMITS_BEFORE_LOGIN, type FrameLimits } from './limits.ts';

const SMALL: FrameLimits = { maxFrameBytes: 100, maxHeaders: 3, maxHeaderLineBytes: 20 };

interface Verdict {
  readonly frames: number;
  readonly code: string | undefined;
}

/** Feeds chunks until an error; holds on the way that no more than a frame is ever kept. */
function feed(parser: FrameParser, chunks: Iterable<Buffer>): Verdict {
  let frames = 0;
  for (const chunk of chunks) {
    const error = parser.push(chunk, () => frames++);
    assert.ok(parser.pendingBytes <= parser.limits.maxFrameBytes, `${parser.pendingBytes} octets are kept`);
    if (error !== undefined) return { frames, code: error.code };
  }
  return { frames, code: undefined };
}

function* cut(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Whole, octet by octet and in sevens, with the same verdict. */
function feedAnyhow(octets: string): Verdict {
  const bytes = Buffer.from(octets, 'latin1');
  const whole = feed(new FrameParser(SMALL), [bytes]);
  for (const size of [1, 7]) assert.deepEqual(feed(new FrameParser(SMALL), cut(bytes, size)), whole);
  return whole;
}

const OK: Verdict = { frames: 1, code: undefined };
const refused = (code: string): Verdict => ({ frames: 0, code });

describe('maxFrameBytes', () => {
  test('counts from the command to the NUL, however the body ends', () => {
    const open = (bytes: number): string => `SEND\n\n${'x'.repeat(bytes - 7)}\0`;
    assert.deepEqual(feedAnyhow(open(100)), OK);
    assert.deepEqual(feedAnyhow(open(101)), refused('frame-too-large'));
    const counted = (body: number): string => `SEND\ncontent-length:${body}\n\n${'\0'.repeat(body)}\0`;
    assert.deepEqual(feedAnyhow(counted(100 - 25)), OK);
    assert.deepEqual(feedAnyhow(counted(100 - 24)), refused('frame-too-large'));
  });

  test('does not count the noise between frames', () => {
    assert.deepEqual(feedAnyhow(`${'\n'.repeat(500)}SEND\n\nx\0${'\r\n'.repeat(500)}`), OK);
  });

  test('refuses an announced length at once, however absurd', () => {
    for (const length of ['76', '4294967295', '4294967297', '18446744073709551617', '9'.repeat(18)]) {
      const { code } = feed(new FrameParser({ ...SMALL, maxHeaderLineBytes: 100 }), [
        Buffer.from(`SEND\ncontent-length:${length}\n\n`),
      ]);
      assert.equal(code, 'frame-too-large', length);
    }
  });

  test('holds in the header block, before any line is complete', () => {
    const parser = new FrameParser({ ...SMALL, maxHeaderLineBytes: 1000 });
    assert.equal(feed(parser, cut(Buffer.from(`SEND\n${'x'.repeat(200)}`), 1)).code, 'frame-too-large');
    assert.equal(
      feed(new FrameParser({ ...SMALL, maxHeaderLineBytes: 1000 }), [Buffer.from(`SEND\n${'x'.repeat(200)}:\n\n\0`)])
        .code,
      'frame-too-large',
    );
  });

  test('may be raised between the frames of one chunk', () => {
    const parser = new FrameParser(SMALL);
    let frames = 0;
    const error = parser.push(Buffer.from(`CONNECT\n\n\0SEND\n\n${'x'.repeat(1000)}\0`), ({ command }) => {
      frames++;
      if (command === 'CONNECT') parser.limits = LIMITS_AFTER_LOGIN;
    });
    assert.equal(error, undefined);
    assert.equal(frames, 2);
  });

  test('lets a stranger fill no more than 64 KiB, in whatever pieces', () => {
    for (const start of ['SEND\n\n', 'SEND\ndestination:/queue/a\n\n', 'CONNECT\ncontent-length:60000\n\n']) {
      const stream = Buffer.concat([Buffer.from(start), Buffer.alloc(200 * 1024, 'x')]);
      for (const size of [1, 1000, stream.length])
        assert.ok(feed(new FrameParser(LIMITS_BEFORE_LOGIN), cut(stream, size)).code);
    }
  });
});

describe('maxHeaders', () => {
  test('counts header lines, repeated ones too', () => {
    assert.deepEqual(feedAnyhow('SEND\na:1\na:1\na:1\n\n\0'), OK);
    assert.deepEqual(feedAnyhow('SEND\na:1\na:1\na:1\nb:2\n\n\0'), refused('too-many-headers'));
  });

  test('refuses as soon as there is one too many', () => {
    assert.equal(feed(new FrameParser(SMALL), [Buffer.from('SEND\na:1\nb:1\nc:1\nd:1\n')]).code, 'too-many-headers');
  });
});

describe('maxHeaderLineBytes', () => {
  test('counts the octets before LF', () => {
    assert.deepEqual(feedAnyhow(`SEND\na:${'x'.repeat(18)}\n\n\0`), OK);
    assert.deepEqual(feedAnyhow(`SEND\na:${'x'.repeat(19)}\n\n\0`), refused('header-too-long'));
  });

  test('refuses a line that is not complete yet', () => {
    assert.equal(feed(new FrameParser(SMALL), [Buffer.from(`SEND\na:1\n${'x'.repeat(21)}`)]).code, 'header-too-long');
  });
});

describe('cost', () => {
  /** CPU time, so that a busy machine does not matter: linear work takes some 0.1 s here, quadratic ten seconds and more. */
  function assertLinear(limits: FrameLimits, bytes: Buffer): void {
    const before = process.cpuUsage();
    assert.deepEqual(feed(new FrameParser(limits), cut(bytes, 1)), OK);
    const { user, system } = process.cpuUsage(before);
    assert.ok(user + system < 3_000_000, `${(user + system) / 1000} ms of CPU for ${bytes.length} octets`);
  }

  for (const [kind, start] of [
    ['counted', 'SEND\ncontent-length:524288\n\n'],
    ['open', 'SEND\n\n'],
  ] as const) {
    test(`of a ${kind} body that comes octet by octet is linear`, () => {
      assertLinear(
        LIMITS_AFTER_LOGIN,
        Buffer.concat([Buffer.from(start), Buffer.alloc(512 * 1024, 'x'), Buffer.alloc(1)]),
      );
    });
  }

  test('of a header block that comes octet by octet is linear', () => {
    const limits: FrameLimits = { maxFrameBytes: 4 * 1024 * 1024, maxHeaders: 200_000, maxHeaderLineBytes: 1024 };
    assertLinear(limits, Buffer.from(`SEND\n${'ab:cdef\n'.repeat(64 * 1024)}\n\0`));
  });
});
