import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { PARSER, parserSource } from './testing/generate-parser.ts';

test('the parser is the one of the grammar', () => {
  const isSame = readFileSync(PARSER, 'utf8') === parserSource();
  assert.ok(isSame, 'selector.peggy has changed; run: node --import tsx server/broker/selector/testing/generate-parser.ts');
});
