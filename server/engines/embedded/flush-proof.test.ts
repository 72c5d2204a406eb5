import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { temporaryDirectory } from './testing/temporary-directory.ts';

/**
 * Killing a process does not show whether anything was flushed: what it wrote is in the system's memory. So this looks
 * at the system calls. Only Linux has `strace`; elsewhere there is nothing to look with.
 */
if (process.platform === 'linux') {
  describe('under strace', () => {
    test('every group is done after its record was written and then flushed', async (t) => {
      haveStrace();
      const directory = await temporaryDirectory(t);
      const calls = traced(path.join(directory, 'data'), path.join(directory, 'trace'));
      for (let n = 1; n <= 20; n++) {
        const written = calls.findIndex(({ text }) => text.startsWith('pwrite64') && text.includes(`proof-${n}.`));
        assert.ok(written >= 0, `group ${n} was never written`);
        const file = /^pwrite64\((\d+),/.exec(calls[written]!.text)![1]!;
        const flushed = calls.findIndex(
          ({ text, from }) =>
            text.startsWith(`fdatasync(${file})`) && text.endsWith('= 0') && from > calls[written]!.to,
        );
        const done = calls.findIndex(({ text }) => text.includes(`DONE ${n}.`));
        assert.ok(done >= 0, `group ${n} was never done`);
        assert.ok(
          flushed >= 0 && calls[flushed]!.to < calls[done]!.from,
          `group ${n} was done before its flush had returned`,
        );
      }
    });
  });
}

function haveStrace(): void {
  if (spawnSync('strace', ['-V']).status === 0) return;
  const install = spawnSync('apt-get', ['install', '-y', 'strace'], { stdio: 'ignore' });
  assert.equal(
    install.status,
    0,
    'expected strace on the PATH, and it could not be installed; type: apt-get install strace',
  );
}

/** A system call with the lines of the trace where it begins and returns. */
interface Call {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

function traced(data: string, trace: string): Call[] {
  const here = import.meta.dirname;
  const script = `
    import fs from 'node:fs';
    import { EmbeddedEngine } from ${JSON.stringify(path.join(here, 'embedded-engine.ts'))};
    import { message } from ${JSON.stringify(path.join(here, '../engine-contract/messages.ts'))};
    import { testNode } from ${JSON.stringify(path.join(here, '../engine-contract/test-node.ts'))};
    const engine = new EmbeddedEngine({ directory: process.argv[1] });
    await engine.start({ onMessage() {}, onReady() {}, onDead() {}, onGap() {}, onFatal(error) { throw error; } }, testNode());
    for (let n = 1; n <= 20; n++) {
      const operation = { kind: 'enqueue', queue: 'a', message: message('proof-' + n + '.') };
      const outcome = await engine.apply({ operations: [operation], lane: 'durable' });
      if (!outcome.ok) throw new Error(outcome.failure.detail);
      fs.writeSync(1, 'DONE ' + n + '.');
    }
    await engine.close();`;
  const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', script, data];
  execFileSync('strace', ['-f', '-s', '1000', '-e', 'trace=pwrite64,fdatasync,write', '-o', trace, ...node], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return calls(fs.readFileSync(trace, 'latin1').split('\n'));
}

/** Joins the calls that the trace shows in two parts, since other threads made calls meanwhile. */
function calls(lines: readonly string[]): Call[] {
  const found: Call[] = [];
  const unfinished = new Map<string, { text: string; from: number }>();
  lines.forEach((line, at) => {
    const [, thread, rest] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    if (thread === undefined || rest === undefined) return;
    const begun = /^(.*) <unfinished \.\.\.>$/.exec(rest);
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    if (begun) unfinished.set(thread, { text: begun[1]!, from: at });
    else if (resumed) {
      const start = unfinished.get(thread);
      if (start) found.push({ text: start.text + resumed[1]!, from: start.from, to: at });
    } else found.push({ text: rest, from: at, to: at });
  });
  return found;
}
