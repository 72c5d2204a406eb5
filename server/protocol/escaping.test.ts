import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { escapeHeader, singleLine, singleName, unescapeHeader } from './escaping.ts';
import { VERSIONS } from './version.ts';

const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\\', ':', '\n', '\r', '\0', 'n', 'r', 'c', ' '),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
});

describe('unescapeHeader', () => {
  test('decodes each version its own escapes', () => {
    assert.equal(unescapeHeader('a\\nb\\cc\\\\d', '1.1'), 'a\nb:c\\d');
    assert.equal(unescapeHeader('a\\nb\\cc\\\\d\\r', '1.2'), 'a\nb:c\\d\r');
    assert.equal(unescapeHeader('a\\nb\\cc\\\\d\\r\\t', '1.0'), 'a\\nb\\cc\\\\d\\r\\t');
  });

  test('passes once from left to right: an escaped backslash escapes nothing', () => {
    assert.equal(unescapeHeader('\\\\n\\\\r\\\\c', '1.2'), '\\n\\r\\c');
    assert.equal(unescapeHeader('\\\\\\n', '1.1'), '\\\n');
  });

  test('refuses what a version does not define', () => {
    assert.equal(unescapeHeader('\\r', '1.1'), undefined);
    for (const version of ['1.1', '1.2'] as const) {
      for (const bad of ['\\t', '\\', 'x\\', '\\\\\\', '\\N', '\\ n', 'a\\:b'])
        assert.equal(unescapeHeader(bad, version), undefined, bad);
    }
  });

  test('takes a raw colon and carriage return as they are', () => {
    for (const version of VERSIONS) assert.equal(unescapeHeader('a:b\rc', version), 'a:b\rc');
  });
});

describe('escapeHeader', () => {
  test('encodes each version its own escapes', () => {
    assert.equal(escapeHeader('a\nb:c\\d', '1.1'), 'a\\nb\\cc\\\\d');
    assert.equal(escapeHeader('a\nb:c\\d\r', '1.2'), 'a\\nb\\cc\\\\d\\r');
    assert.equal(escapeHeader('a:b\\n', '1.0'), 'a:b\\n');
  });

  test('puts a blank where a version cannot represent an octet', () => {
    assert.equal(escapeHeader('a\nb\rc\0d', '1.0'), 'a b c d');
    assert.equal(escapeHeader('a\nb\rc\0d', '1.1'), 'a\\nb c d');
    assert.equal(escapeHeader('a\nb\rc\0d', '1.2'), 'a\\nb\\rc d');
  });

  test('returns the very text when nothing needs it', () => {
    for (const version of VERSIONS) assert.equal(escapeHeader('räume/😀 1', version), 'räume/😀 1');
  });

  test('lets no line end, NUL or (where it has a code) colon out, whatever comes in', () => {
    fc.assert(
      fc.property(text, fc.constantFrom(...VERSIONS), (value, version) => {
        assert.doesNotMatch(escapeHeader(value, version), version === '1.0' ? /[\0\r\n]/ : /[\0\r\n:]/);
      }),
    );
  });

  test('is undone by unescapeHeader for all the version can represent', () => {
    fc.assert(
      fc.property(text, fc.constantFrom(...VERSIONS), (value, version) => {
        const lost = { '1.0': /[\0\r\n]/g, '1.1': /[\0\r]/g, '1.2': /\0/g }[version];
        assert.equal(unescapeHeader(escapeHeader(value, version), version), value.replace(lost, ' '));
      }),
    );
  });
});

test('a name without escapes cannot begin its value early, a value may hold colons', () => {
  assert.equal(singleName('destination:/queue/a\nx'), 'destination /queue/a x');
  assert.equal(singleLine('ID:node\r\n1\0'), 'ID:node  1 ');
});
