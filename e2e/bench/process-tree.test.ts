import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { firstLine } from './first-line.ts';
import { ProcessTree } from './process-tree.ts';

test('a process tree counts what a grandchild burns and holds', async (t) => {
  const burn = 'const kept = Buffer.alloc(64 << 20, 1); while (process.cpuUsage().user < 200_000); console.log("done", kept.length); setInterval(() => {}, 1000)';
  const parent = spawn('/bin/sh', ['-c', '"$NODE" -e "$BURN" & wait'], { env: { NODE: process.execPath, BURN: burn }, detached: true });
  t.after(() => process.kill(-parent.pid!, 'SIGKILL'));
  await firstLine(parent, (line) => line.startsWith('done') || undefined);
  const tree = new ProcessTree([parent.pid!]);
  assert.ok(tree.cpuMicros() >= 100_000, `${tree.cpuMicros()} µs`);
  assert.ok(tree.rssAnonBytes() >= 64 * 2 ** 20, `${tree.rssAnonBytes()} octets`);
});

test('a process tree without a root is an error', () => {
  assert.throws(() => new ProcessTree([process.pid, 2 ** 22 + 1]).cpuMicros(), /gone/);
});
