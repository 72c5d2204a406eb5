import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';

/** For tests: a directory that goes with the test. */
export async function temporaryDirectory(t: TestContext): Promise<string> {
  const directory = await fs.mkdtemp(path.join(os.tmpdir(), 'stompede-'));
  t.after(() => fs.rm(directory, { recursive: true, force: true }));
  return directory;
}
