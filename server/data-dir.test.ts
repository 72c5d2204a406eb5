import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ConfigError } from './config.ts';
import { checkDataDir } from './data-dir.ts';

function folder(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'stompede-data-dir-'));
  context.after(() => {
    rmSync(path, { recursive: true });
  });
  return path;
}

test('a data folder that is there or can be made passes, and is not made yet', (context) => {
  const path = folder(context);
  checkDataDir(path);
  checkDataDir(join(path, 'a', 'b'));
  assert.equal(existsSync(join(path, 'a')), false);
});

test('a file in its place, or above it, is refused with a sentence', (context) => {
  const file = join(folder(context), 'file');
  writeFileSync(file, '');
  for (const path of [file, join(file, 'below')]) {
    assert.throws(() => checkDataDir(path), (error) => error instanceof ConfigError && error.message.includes('dataDir') && error.message.includes('is not a folder'));
  }
});

test('a place where nothing can be made is refused at once', () => {
  assert.throws(() => checkDataDir('/proc/nope/deeper'), ConfigError);
});
