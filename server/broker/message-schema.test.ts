import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MessageSchema, readContent, type JsonSchema } from './message-schema.ts';

const ORDER: JsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['id', 'items'],
  properties: {
    id: { type: 'integer', minimum: 1 },
    items: { type: 'array', prefixItems: [{ type: 'string' }], items: { type: 'number' } },
    colour: { enum: ['red', 'blue'] },
    at: { format: 'date-time' },
  },
  additionalProperties: false,
};

const violation = (schema: JsonSchema, body: string | Buffer) => new MessageSchema(schema).violationIn(readContent(typeof body === 'string' ? Buffer.from(body) : body));

describe('a message schema', () => {
  test('lets through what it describes', () => {
    assert.equal(violation(ORDER, '{"id":7,"items":["a",1,2],"at":"2026-01-01T00:00:00Z"}'), undefined);
    assert.equal(violation(true, '[1]'), undefined);
  });

  test('says where the first violation is and what was expected', () => {
    assert.equal(violation(ORDER, '{"id":7}'), "at /: must have required property 'items'");
    assert.equal(violation(ORDER, '{"id":0,"items":[]}'), 'at /id: must be >= 1');
    assert.equal(violation(ORDER, '{"id":1,"items":["a",1,"2"]}'), 'at /items/2: must be number');
    assert.equal(violation(ORDER, '{"id":1,"items":[],"colour":"green"}'), 'at /colour: must be equal to one of the allowed values: ["red","blue"]');
    assert.equal(violation(ORDER, '{"id":1,"items":[],"size":1}'), 'at /: must NOT have additional properties: "size"');
    assert.equal(violation(ORDER, '{"id":1,"items":[],"at":"soon"}'), 'at /at: must match format "date-time"');
    assert.equal(violation(false, '1'), 'at /: boolean schema is false');
  });

  test('wants JSON in UTF-8', () => {
    assert.match(violation(true, 'no') ?? '', /^expected JSON: /);
    assert.match(violation(true, '') ?? '', /^expected JSON: /);
    assert.match(violation(true, Buffer.from([0x22, 0xff, 0x22])) ?? '', /^expected JSON, got octets that are no UTF-8$/);
  });

  test('looks at a message’s own properties only', () => {
    assert.match(violation({ required: ['toString'] }, '{}') ?? '', /toString/);
  });

  test('is bounded in what it says and in how deep it goes', () => {
    const name = 'x'.repeat(10_000);
    assert.equal(violation({ additionalProperties: false }, JSON.stringify({ [name]: 1 }))?.length, 501);
    assert.equal(violation({ items: { $ref: '#' } }, '['.repeat(500_000) + ']'.repeat(500_000)), 'expected JSON that is less deep');
  });

  test('refuses to be made of what is no schema', () => {
    const bad: [JsonSchema, RegExp][] = [
      [{ type: 'objekt' }, /schema is invalid: data\/type must be equal to one of the allowed values/],
      [{ propertees: {} }, /unknown keyword: "propertees"/],
      [{ $ref: 'https://example.org/other.json' }, /can't resolve reference/],
      [{ format: 'nonsense' }, /unknown format "nonsense"/],
      [{ pattern: '(' }, /Invalid regular expression/],
      [{ $schema: 'http://json-schema.org/draft-07/schema#' }, /no schema with key or ref/],
      [{ $async: true, type: 'object' }, /without \$async/],
    ];
    for (const [schema, words] of bad) assert.throws(() => new MessageSchema(schema), words);
  });

  test('has ids of its own: two with the same one do not meet', () => {
    assert.equal(violation({ $id: 'https://example.org/a', type: 'string' }, '"a"'), undefined);
    assert.equal(violation({ $id: 'https://example.org/a', type: 'number' }, '1'), undefined);
  });
});
