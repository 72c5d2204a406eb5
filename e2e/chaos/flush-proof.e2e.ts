import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startBroker } from '../harness/broker-process.ts';
import { connectRawClient } from '../harness/raw-client.ts';

const MESSAGES = 20;

/**
 * A SIGKILL proves nothing about the disk, since what was written survives it in the kernel's memory. So the system
 * calls themselves are watched: between the write of a message to the journal and the write of its RECEIPT to the
 * socket, a flush of the journal begins and ends.
 */
test('a RECEIPT is written only after the flush of its message is complete', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stompede-strace-'));
  const broker = await startBroker();
  try {
    const trace = join(folder, 'trace');
    const strace = spawn('strace', ['-f', '-s', '4096', '-e', 'trace=write,writev,pwrite64,pwritev,fsync,fdatasync', '-o', trace, '-p', String(broker.pid)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const [said] = (await once(strace.stderr, 'data')) as [Buffer];
    assert.match(said.toString(), /attached/);
    const client = await connectRawClient(broker, { transport: 'tcp' });
    for (let i = 0; i < MESSAGES; i++) {
      client.frame('SEND', { destination: '/queue/flushed', receipt: `receipt-${i}.` }, `message-${i}.`);
      await client.expectReceipt(`receipt-${i}.`);
    }
    client.finish();
    strace.kill('SIGINT');
    await once(strace, 'close');
    const calls = (await readFile(trace, 'utf8')).split('\n');
    for (let i = 0; i < MESSAGES; i++) proveFlush(calls, i);
    await broker.stop();
  } finally {
    await broker.abandon();
    await rm(folder, { recursive: true });
  }
});

/** A call of a thread that another one interrupts stands on two lines: `… <unfinished ...>`, `<... fdatasync resumed>) = 0`. */
function proveFlush(calls: readonly string[], i: number): void {
  const written = calls.findIndex((call) => /pwrite/.test(call) && call.includes(`message-${i}.`));
  const receipted = calls.findIndex((call) => /write/.test(call) && call.includes(`receipt-id:receipt-${i}.`));
  assert.ok(written !== -1, `the write of message ${i} to the journal is in the trace`);
  assert.ok(receipted !== -1, `the write of receipt ${i} is in the trace`);
  const between = calls.slice(written + 1, receipted);
  const flushed = between.findIndex((call) => /f(data)?sync(\(| resumed).*= 0/.test(call));
  assert.ok(flushed !== -1, `a flush ends between message ${i} and its receipt:\n${between.join('\n')}`);
  const thread = between[flushed]?.split(' ')[0] ?? '';
  const begun = between.slice(0, flushed + 1).some((call) => call.startsWith(thread) && /f(data)?sync\(/.test(call));
  assert.ok(begun, `that flush begins after the write of message ${i}:\n${between.join('\n')}`);
}
