import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Frame } from './frame.ts';
import { FrameParser } from './frame-parser.ts';
import { LIMITS_AFTER_LOGIN } from './limits.ts';
import type { ProtocolError } from './protocol-error.ts';
import { VERSIONS, type Version } from './version.ts';

interface Reading {
  readonly frames: ReadonlyArray<readonly [command: string, pairs: readonly string[], body: string]>;
  readonly error: ProtocolError | undefined;
  readonly pendingBytes: number;
}

/** Latin-1 text stands for octets. */
function read(octets: string, version?: Version, chunkBytes = Infinity): Reading {
  const parser = new FrameParser(LIMITS_AFTER_LOGIN);
  parser.version = version;
  const bytes = Buffer.from(octets, 'latin1');
  const frames: Array<[string, readonly string[], string]> = [];
  let error: ProtocolError | undefined;
  for (let at = 0; at < bytes.length && error === undefined; at += chunkBytes) {
    error = parser.push(bytes.subarray(at, at + chunkBytes), ({ command, headers, body }) => {
      frames.push([command, headers.pairs, body.toString('latin1')]);
    });
  }
  return { frames, error, pendingBytes: parser.pendingBytes };
}

/** Whole, octet by octet, and in threes: the reading is the same. */
function readAnyhow(octets: string, version?: Version): Reading {
  const whole = read(octets, version);
  assert.deepEqual(read(octets, version, 1), whole);
  assert.deepEqual(read(octets, version, 3), whole);
  return whole;
}

const framesOf = (octets: string, version?: Version): Reading['frames'] => {
  const { frames, error, pendingBytes } = readAnyhow(octets, version);
  assert.equal(error, undefined);
  assert.equal(pendingBytes, 0);
  return frames;
};

const codeOf = (octets: string, version?: Version): string | undefined => readAnyhow(octets, version).error?.code;

describe('a frame', () => {
  test('has a command, headers in order and a body up to the first NUL', () => {
    assert.deepEqual(framesOf('SEND\ndestination:/queue/a\ncolour:red\n\nhello\0'), [
      ['SEND', ['destination', '/queue/a', 'colour', 'red'], 'hello'],
    ]);
  });

  test('may have neither headers nor body', () => {
    assert.deepEqual(framesOf('DISCONNECT\n\n\0'), [['DISCONNECT', [], '']]);
  });

  test('ends its lines with LF or CRLF, mixed, in every version', () => {
    for (const version of [undefined, ...VERSIONS]) {
      assert.deepEqual(framesOf('SEND\r\na:1\nb:2\r\n\r\nx\r\n\0', version), [['SEND', ['a', '1', 'b', '2'], 'x\r\n']]);
      assert.deepEqual(framesOf('SEND\na:1\r\n\nx\n\0', version), [['SEND', ['a', '1'], 'x\n']]);
    }
  });

  test('has a body of exactly content-length octets, NULs and broken UTF-8 included', () => {
    assert.deepEqual(framesOf('SEND\ncontent-length:5\n\n\0\xff\r\n\0\0\n'), [
      ['SEND', ['content-length', '5'], '\0\xff\r\n\0'],
    ]);
    assert.deepEqual(framesOf('SEND\ncontent-length:0\n\n\0'), [['SEND', ['content-length', '0'], '']]);
  });

  test('has content-length on any command, and a body on any command', () => {
    assert.deepEqual(framesOf('ACK\nid:1\ncontent-length:2\n\n\0\0\0', '1.2'), [
      ['ACK', ['id', '1', 'content-length', '2'], '\0\0'],
    ]);
    assert.deepEqual(framesOf('BEGIN\ntransaction:t\n\n\n\0', '1.1'), [['BEGIN', ['transaction', 't'], '\n']]);
  });

  test('keeps every repeated header and answers with the first', () => {
    const parser = new FrameParser(LIMITS_AFTER_LOGIN);
    const seen: Frame[] = [];
    parser.push(Buffer.from('SEND\na:1\na:2\ncontent-length:1\ncontent-length:9\n\nx\0'), (frame) => seen.push(frame));
    assert.deepEqual(seen[0]?.headers.pairs, ['a', '1', 'a', '2', 'content-length', '1', 'content-length', '9']);
    assert.equal(seen[0].headers.get('a'), '1');
    assert.equal(seen[0].headers.get('b'), undefined);
  });

  test('lies as a view in the chunk it came in', () => {
    const chunk = Buffer.from('SEND\n\nhello\0SEND\ncontent-length:2\n\nhi\0');
    const bodies: Buffer[] = [];
    new FrameParser(LIMITS_AFTER_LOGIN).push(chunk, ({ body }) => bodies.push(body));
    assert.deepEqual(bodies.map(String), ['hello', 'hi']);
    for (const body of bodies) assert.equal(body.buffer, chunk.buffer);
  });

  test('is handed out as soon as its NUL is there', () => {
    const parser = new FrameParser(LIMITS_AFTER_LOGIN);
    let count = 0;
    const onFrame = (): void => void count++;
    parser.push(Buffer.from('SEND\n\nhello'), onFrame);
    assert.equal(count, 0);
    assert.equal(parser.pendingBytes, 11);
    parser.push(Buffer.from('\0'), onFrame);
    assert.equal(count, 1);
    assert.equal(parser.pendingBytes, 0);
  });
});

describe('a stream', () => {
  test('may hold EOLs, lone CRs and NULs before, between and after frames', () => {
    assert.deepEqual(
      framesOf('\n\r\n\0\0SEND\n\na\0\n\n\r\n\0ABORT\n\n\0\0\r\n').map(([command]) => command),
      ['SEND', 'ABORT'],
    );
    assert.deepEqual(framesOf('\n\n\n'), []);
  });

  test('may bring many frames in one chunk', () => {
    const bodies = framesOf(Array.from({ length: 1000 }, (_, i) => `SEND\n\n${i}\0`).join('')).map(
      ([, , body]) => body,
    );
    assert.deepEqual(
      bodies,
      Array.from({ length: 1000 }, (_, i) => String(i)),
    );
  });

  test('may cut a frame of any version in two anywhere', () => {
    const frame = Buffer.from('\r\nSEND\r\nräu\\cme:a\\nb\\\\😀\r\ncontent-length:4\r\n\r\n\0é\0\0\n');
    const parser = new FrameParser(LIMITS_AFTER_LOGIN);
    parser.version = '1.2';
    for (let cut = 0; cut <= frame.length; cut++) {
      const seen: Frame[] = [];
      for (const part of [frame.subarray(0, cut), frame.subarray(cut)]) {
        assert.equal(
          parser.push(part, (frame) => seen.push(frame)),
          undefined,
          `cut at ${cut}`,
        );
      }
      assert.deepEqual(
        seen.map(({ headers }) => headers.pairs),
        [['räu:me', 'a\nb\\😀', 'content-length', '4']],
        `cut at ${cut}`,
      );
      assert.equal(seen[0]?.body.toString('hex'), '00c3a900');
    }
  });

  test('is read as the version says from the frame after the one that set it, within a chunk too', () => {
    const parser = new FrameParser(LIMITS_AFTER_LOGIN);
    const values: string[] = [];
    const error = parser.push(
      Buffer.from('CONNECT\nh:\\c\n\n\0SEND\nh:\\c\n\n\0BEGIN\nh:\\c\n\n\0ABORT\nh:\\r\n\n\0'),
      ({ command, headers }) => {
        values.push(headers.get('h')!);
        if (command === 'CONNECT') parser.version = '1.2';
        if (command === 'SEND') parser.version = '1.0';
        if (command === 'BEGIN') parser.version = '1.1';
      },
    );
    assert.deepEqual(values, ['\\c', ':', '\\c']);
    assert.equal(error?.code, 'undefined-escape');
  });

  test('ends where the receiver stops it, from within a frame too', () => {
    const parser = new FrameParser(LIMITS_AFTER_LOGIN);
    const seen: string[] = [];
    const onFrame = ({ command }: Frame): void => {
      seen.push(command);
      if (command === 'DISCONNECT') parser.stop();
    };
    assert.equal(parser.push(Buffer.from('SEND\n\n\0DISCONNECT\n\n\0SEND\n\n\0nonsense'), onFrame), undefined);
    assert.equal(parser.push(Buffer.from('SEND\n\n\0nonsense'), onFrame), undefined);
    assert.deepEqual(seen, ['SEND', 'DISCONNECT']);
    assert.equal(parser.pendingBytes, 0);
  });

  test('ends with its first error: told once, then nothing is read or kept', () => {
    const parser = new FrameParser(LIMITS_AFTER_LOGIN);
    const seen: string[] = [];
    const onFrame = ({ command }: Frame): void => void seen.push(command);
    assert.equal(parser.push(Buffer.from('SEND\n\n\0SEND\nbad\n\n\0ACK\n\n\0'), onFrame)?.code, 'missing-colon');
    assert.equal(parser.push(Buffer.from('SEND\n\n\0SEN'), onFrame), undefined);
    assert.deepEqual(seen, ['SEND']);
    assert.equal(parser.pendingBytes, 0);
  });
});

describe('headers', () => {
  test('split at the first colon; a value may be empty or hold more of them', () => {
    for (const version of VERSIONS) {
      assert.deepEqual(framesOf('SEND\na:b:c\nd:\ne::\n\n\0', version), [
        ['SEND', ['a', 'b:c', 'd', '', 'e', ':'], ''],
      ]);
    }
  });

  test('are decoded by their version, names and values', () => {
    const octets = 'SEND\na\\cb:\\n\\\\\\c\n\n\0';
    assert.deepEqual(framesOf(octets, '1.0')[0]?.[1], ['a\\cb', '\\n\\\\\\c']);
    assert.deepEqual(framesOf(octets, '1.1')[0]?.[1], ['a:b', '\n\\:']);
    assert.deepEqual(framesOf(octets, '1.2')[0]?.[1], ['a:b', '\n\\:']);
    assert.deepEqual(framesOf('SEND\na:\\r\n\n\0', '1.2')[0]?.[1], ['a', '\r']);
  });

  test('refuse an escape their version does not define', () => {
    assert.equal(codeOf('SEND\na:\\r\n\n\0', '1.1'), 'undefined-escape');
    assert.equal(codeOf('SEND\na:\\t\n\n\0', '1.2'), 'undefined-escape');
    assert.equal(codeOf('SEND\na\\:b\n\n\0', '1.2'), 'undefined-escape');
    assert.equal(codeOf('SEND\na:b\\\r\n\n\0', '1.2'), 'undefined-escape');
  });

  test('are never decoded on CONNECT and STOMP, in any version', () => {
    for (const version of [undefined, ...VERSIONS]) {
      for (const command of ['CONNECT', 'STOMP']) {
        assert.deepEqual(framesOf(`${command}\npasscode:a\\t\\\\n\\\n\n\0`, version)[0]?.[1], [
          'passcode',
          'a\\t\\\\n\\',
        ]);
      }
    }
  });

  test('lose the blanks around their values in 1.0, and nothing in 1.1 and 1.2', () => {
    const octets = 'SEND\n a : \tb c \n\n\0';
    assert.deepEqual(framesOf(octets, '1.0')[0]?.[1], [' a ', 'b c']);
    assert.deepEqual(framesOf(octets, '1.1')[0]?.[1], [' a ', ' \tb c ']);
    assert.deepEqual(framesOf(octets, '1.2')[0]?.[1], [' a ', ' \tb c ']);
  });

  test('lose the blanks around their values on CONNECT, a passcode only where no more than 1.0 is offered', () => {
    assert.deepEqual(framesOf('CONNECT\nlogin: u \npasscode: p \n\n\0')[0]?.[1], ['login', 'u', 'passcode', 'p']);
    assert.deepEqual(framesOf('CONNECT\npasscode: p \naccept-version: 1.0 , 2.0 \n\n\0')[0]?.[1], [
      'passcode',
      'p',
      'accept-version',
      '1.0 , 2.0',
    ]);
    assert.deepEqual(framesOf('STOMP\nlogin: u \npasscode: p \naccept-version: 1.0, 1.1\n\n\0')[0]?.[1], [
      'login',
      'u',
      'passcode',
      ' p ',
      'accept-version',
      '1.0, 1.1',
    ]);
  });

  test('that are not UTF-8 are read with replacement characters', () => {
    for (const version of [undefined, ...VERSIONS]) {
      assert.deepEqual(framesOf('SEND\na\xff:\xc3\nb\xe2\x82:\xf0\x9f\n\n\0', version)[0]?.[1], [
        'a\ufffd',
        '\ufffd',
        'b\ufffd',
        '\ufffd',
      ]);
    }
  });

  test('read the same from a block too large to share one string', () => {
    const lines = Array.from({ length: 90 }, (_, i) => `name-${i}:${'v'.repeat(i)}\\c\r\n`).join('');
    const pairs = framesOf(`SEND\n${lines}\n\0`, '1.2')[0]?.[1];
    assert.deepEqual(pairs, Array.from({ length: 90 }, (_, i) => [`name-${i}`, `${'v'.repeat(i)}:`]).flat());
    assert.equal(codeOf(`SEND\n${lines}bad\n\n\0`, '1.2'), 'missing-colon');
  });
});

describe('bad octets', () => {
  const HTTP = 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nSEND\n\nx\0\n';

  test('of an HTTP request do nothing and are not kept', () => {
    const { frames, error, pendingBytes } = readAnyhow(HTTP);
    assert.deepEqual(frames, []);
    assert.equal(error?.message, 'Bad command');
    assert.equal(error.code, 'unknown-command');
    assert.equal(pendingBytes, 0);
  });

  test('are refused at the first octet that no command has', () => {
    for (const octets of [
      'connect\n',
      'G ',
      '\x16\x03\x01',
      '{',
      'SEND:',
      'SEND\0',
      'SEND \n',
      ' SEND\n',
      '\xef\xbb\xbfCONNECT\n',
    ]) {
      assert.equal(codeOf(octets), 'unknown-command', octets);
    }
  });

  test('are refused when the first line is complete or longer than any command', () => {
    for (const octets of [
      'SENT\n',
      'S\n',
      'SEND\r\r\n',
      'CONNECTED\n',
      'MESSAGE\n',
      'RECEIPT\n',
      'ERROR\n',
      'UNSUBSCRIBER\n',
      'AAAAAAAAAAAAA',
    ]) {
      assert.equal(codeOf(octets), 'unknown-command', octets);
    }
    assert.equal(readAnyhow('AAAAAAAAAAAA').error, undefined);
  });

  test('are told with what was expected, what came and where, and no control octets', () => {
    const { error } = readAnyhow('\x1b[2J');
    assert.match(error!.detail, /one of CONNECT, .*; got "\?"$/);
    assert.match(readAnyhow('SEND\na:1\nb\n\n\0').error!.detail, /^SEND, header 2: expected name:value/);
  });

  test('of a passcode never come back in an error', () => {
    for (const octets of [
      'CONNECT\npasscode:secret\0',
      'CONNECT\npasscode:secret\nx\n\n',
      'SEND\npasscode:secret\\t\n\n\0',
    ]) {
      assert.doesNotMatch(JSON.stringify(readAnyhow(octets, '1.2').error), /secret/);
    }
  });

  const cases: ReadonlyArray<readonly [octets: string, code: string, message: string]> = [
    ['SEND\ndestination\n\n\0', 'missing-colon', 'Bad header'],
    ['SEND\n:value\n\n\0', 'empty-header-name', 'Bad header'],
    ['SEND\nno colon\nbut:here\n\n\0', 'missing-colon', 'Bad header'],
    ['SEND\n \n\n\0', 'missing-colon', 'Bad header'],
    ['SEND\nreceipt:77\n\0', 'nul-in-header', 'Bad header'],
    ['SEND\0', 'unknown-command', 'Bad command'],
    ['SEND\n\0', 'nul-in-header', 'Bad header'],
    ['SEND\na:\0\n\n\0', 'nul-in-header', 'Bad header'],
    ['SEND\ncontent-length:-1\n\n\0', 'bad-content-length', 'Bad content-length'],
    ['SEND\ncontent-length:\n\nx\0', 'bad-content-length', 'Bad content-length'],
    ['SEND\ncontent-length:five\n\nhello\0', 'bad-content-length', 'Bad content-length'],
    ['SEND\ncontent-length:+5\n\nhello\0', 'bad-content-length', 'Bad content-length'],
    ['SEND\ncontent-length:5.0\n\nhello\0', 'bad-content-length', 'Bad content-length'],
    ['SEND\ncontent-length:0x5\n\nhello\0', 'bad-content-length', 'Bad content-length'],
    ['SEND\ncontent-length:5 5\n\nhello\0', 'bad-content-length', 'Bad content-length'],
    ['SEND\ncontent-length:4\n\nhello\0', 'missing-body-terminator', 'Missing body terminator'],
    ['SEND\ncontent-length:0\n\nhello\0', 'missing-body-terminator', 'Missing body terminator'],
    ['SEND\ncontent-length:4\n\na\0SEND\n', 'missing-body-terminator', 'Missing body terminator'],
  ];
  for (const [octets, code, message] of cases) {
    test(`${JSON.stringify(octets)} are refused with ${code}`, () => {
      for (const version of VERSIONS) {
        const { frames, error } = readAnyhow(octets, version);
        assert.deepEqual(frames, []);
        assert.equal(error?.code, code);
        assert.equal(error.message, message);
      }
    });
  }

  test('a content-length with blanks around it is one', () => {
    for (const version of VERSIONS)
      assert.equal(framesOf('SEND\ncontent-length: 5 \n\nhello\0', version)[0]?.[2], 'hello');
  });
});
