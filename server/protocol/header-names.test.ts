import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HEADER } from './header-names.ts';

test('every header name stands once, under itself in camel case', () => {
  const names = Object.values(HEADER);
  assert.equal(new Set(names).size, names.length);
  for (const [key, name] of Object.entries(HEADER)) {
    assert.equal(
      key,
      name.replace(/[-.](\w)/g, (_, letter: string) => letter.toUpperCase()),
    );
  }
});
