import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { optionEntries } from './config-table.ts';
import { optionsTable, usage, withOptionsTable } from './option-docs.ts';

test('README shows every option as the table has it (else: node --import tsx server/setup/write-options.ts)', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  assert.equal(readme, withOptionsTable(readme));
});

test('the table is put between its marks and nothing else is touched', () => {
  const before = 'a\n<!-- options: written from server/config-table.ts -->\nSTALE\n<!-- /options -->\nz\n';
  const after = withOptionsTable(before) ?? '';
  assert.match(after, /^a\n/);
  assert.match(after, /z\n$/);
  assert.ok(after.includes(optionsTable()) && !after.includes('STALE'));
  assert.equal(withOptionsTable(after), after);
  assert.equal(withOptionsTable('no marks'), undefined);
});

test('help names every flag', () => {
  for (const { flag } of optionEntries()) assert.ok(usage().includes(`  ${flag} `), flag);
});
