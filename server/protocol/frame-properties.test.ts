import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { CLIENT_COMMANDS } from './commands.ts';
import { unescapeHeader } from './escaping.ts';
import { FrameParser } from './frame-parser.ts';
import { encodeFrame, encodeMessage, messageTail } from './frame-writer.ts';
import { LIMITS_AFTER_LOGIN, type FrameLimits } from './limits.ts';
import { VERSIONS, type Version } from './version.ts';
import type { WireFrame } from './wire-frame.ts';

const RUNS = { numRuns: 300 };

interface Read {
  readonly command: string;
  readonly pairs: readonly string[];
  readonly body: string;
}

const bytesOf = (frame: WireFrame): Buffer => Buffer.concat([frame.head, ...(frame.tail ?? [])]);

/** Cuts `bytes` at places given as parts of its length. */
function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const cuts = places.map((place) => Math.floor(place * bytes.length)).toSorted((a, b) => a - b);
  return [...cuts, bytes.length].map((cut, i) => bytes.subarray(cuts[i - 1] ?? 0, cut));
}

function parse(
  chunks: readonly Buffer[],
  version: Version | undefined,
  limits: FrameLimits,
): { frames: Read[]; code: string | undefined } {
  const parser = new FrameParser(limits);
  parser.version = version;
  const frames: Read[] = [];
  for (const chunk of chunks) {
    const error = parser.push(chunk, ({ command, headers, body }) =>
      frames.push({ command, pairs: headers.pairs, body: body.toString('hex') }),
    );
    assert.ok(parser.pendingBytes <= limits.maxFrameBytes);
    if (error !== undefined) {
      assert.equal(parser.pendingBytes, 0);
      return { frames, code: error.code };
    }
  }
  return { frames, code: undefined };
}

const places = fc.array(
  fc.nat({ max: 999 }).map((place) => place / 1000),
  { maxLength: 12 },
);
const awkward = fc.constantFrom('\\', ':', '\n', '\r', ' ', '\t', 'c', 'n', '\ufeff', '\u2028');
const anyText = fc.string({
  unit: fc.oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), awkward),
  maxLength: 30,
});

/** What a version can carry both ways: everything but the octets that become blanks on the way out. */
const carried: Record<Version, { readonly name: fc.Arbitrary<string>; readonly value: fc.Arbitrary<string> }> = {
  '1.0': {
    name: anyText.map((text) => text.replace(/[\0\r\n:]/g, '') || 'n'),
    value: anyText.map((text) => text.replace(/[\0\r\n]/g, '').replace(/^[ \t]+|[ \t]+$/g, '') || 'v'),
  },
  '1.1': {
    name: anyText.map((text) => text.replace(/[\0\r]/g, '') || 'n'),
    value: anyText.map((text) => text.replace(/[\0\r]/g, '')),
  },
  '1.2': {
    name: anyText.map((text) => text.replace(/\0/g, '') || 'n'),
    value: anyText.map((text) => text.replace(/\0/g, '')),
  },
};

const pairsOf = (version: Version): fc.Arbitrary<string[]> =>
  fc
    .array(fc.tuple(carried[version].name, carried[version].value), { maxLength: 8 })
    .map((pairs) => pairs.filter(([name]) => name !== 'content-length').flat());

const bodyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc.nat({ max: 20_000 }).map((length) => Buffer.alloc(length, '\0x\n')),
);

for (const version of VERSIONS) {
  describe(`STOMP ${version}`, () => {
    const clientFrame = fc.record({
      command: fc.constantFrom(...CLIENT_COMMANDS.filter((command) => command !== 'CONNECT' && command !== 'STOMP')),
      pairs: pairsOf(version),
      body: bodyBytes,
      noise: fc.string({ unit: fc.constantFrom('\n', '\r\n', '\0'), maxLength: 4 }),
    });

    test('what was encoded is parsed again, under any cuts', () => {
      fc.assert(
        fc.property(fc.array(clientFrame, { maxLength: 5 }), places, (frames, places) => {
          const stream = Buffer.concat(
            frames.flatMap(({ noise, command, pairs, body }) => [
              Buffer.from(noise),
              bytesOf(encodeFrame(version, command, pairs, body)),
            ]),
          );
          const expected = frames.map(({ command, pairs, body }) => ({
            command,
            pairs: body.length > 0 ? [...pairs, 'content-length', String(body.length)] : pairs,
            body: body.toString('hex'),
          }));
          assert.deepEqual(parse(cutAt(stream, places), version, LIMITS_AFTER_LOGIN), {
            frames: expected,
            code: undefined,
          });
        }),
        RUNS,
      );
    });

    test('a MESSAGE is read back as it was meant', () => {
      fc.assert(
        fc.property(
          fc.option(carried[version].value, { nil: undefined }),
          pairsOf(version),
          pairsOf(version),
          bodyBytes,
          (id, own, shared, body) => {
            const frame = readMessage(
              version,
              bytesOf(encodeMessage(version, id, own, messageTail(version, shared, body, false))),
            );
            const subscription = id === undefined ? [] : ['subscription', id];
            assert.deepEqual(frame.pairs, [...subscription, ...own, ...shared, 'content-length', String(body.length)]);
            assert.equal(frame.body, body.toString('hex'));
          },
        ),
        RUNS,
      );
    });

    test('no header text whatsoever makes two headers, a body or a second frame', () => {
      fc.assert(
        fc.property(anyText, anyText, (name, value) => {
          for (const command of ['RECEIPT', 'CONNECTED']) {
            const octets = bytesOf(encodeFrame(version, command, [`n${name}`, `${value}v`])).toString();
            assert.match(octets, /^[A-Z]+\n[^\n\0\r]+\n\n\0$/);
            const [colon, end] = [octets.indexOf(':'), octets.indexOf('\n\n')];
            assert.ok(colon > 0 && colon < end);
          }
        }),
        RUNS,
      );
    });
  });
}

/** A reader of MESSAGE frames of its own, by the specification's words. */
function readMessage(version: Version, bytes: Buffer): Read {
  const blank = bytes.indexOf('\n\n');
  const [command = '', ...lines] = bytes.toString('utf8', 0, blank).split('\n');
  const pairs = lines.flatMap((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1)].map(
      (text) => unescapeHeader(text, version) ?? assert.fail(line),
    );
  });
  assert.equal(command, 'MESSAGE');
  assert.equal(bytes.at(-1), 0);
  return { command, pairs, body: bytes.toString('hex', blank + 2, bytes.length - 1) };
}

describe('any octets', () => {
  const TIGHT: FrameLimits = { maxFrameBytes: 60, maxHeaders: 3, maxHeaderLineBytes: 24 };
  const fragment = fc.constantFrom(
    ...[
      'SEND\n',
      'CONNECT\r\n',
      'ACK\n',
      'POST / HTTP/1.1\r\n',
      'SEN',
      'D',
      '\n',
      '\r\n',
      '\r',
      '\n\n',
      '\0',
      ':',
      'a:b\n',
      'a\\cb:\\n\n',
    ],
    ...[
      'content-length:',
      'content-length:3\n',
      'content-length:40\n\n',
      '3',
      '-1',
      'x'.repeat(20),
      '\\',
      '\\t',
      '\xff',
      ' ',
    ],
  );
  const soup = fc.oneof(
    fc.array(fragment, { maxLength: 20 }).map((parts) => Buffer.from(parts.join(''), 'latin1')),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  );

  test('give the same frames and the same error under any cuts, and never more than a frame is kept', () => {
    fc.assert(
      fc.property(soup, places, fc.constantFrom(undefined, ...VERSIONS), (bytes, places, version) => {
        const whole = parse([bytes], version, TIGHT);
        assert.deepEqual(parse(cutAt(bytes, places), version, TIGHT), whole);
        assert.deepEqual(
          parse(
            cutAt(
              bytes,
              Array.from(bytes, (_, i) => i / bytes.length),
            ),
            version,
            TIGHT,
          ),
          whole,
        );
      }),
      { numRuns: 2000 },
    );
  });
});
