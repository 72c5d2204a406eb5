import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { EmbeddedEngine } from './embedded-engine.ts';
import { RecordedEvents } from '../engine-contract/recorded-events.ts';
import { testNode } from '../engine-contract/test-node.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

const SENDERS = 8;

/**
 * Sends, claims and settles as fast as it can, and notes in a file what was confirmed: `sent 5`, `got 5 recoveries`,
 * `done 5`. After so many lines it asks to be killed, and goes on until it is.
 */
function worker(here: string): string {
  return `
    import fs from 'node:fs';
    import { EmbeddedEngine } from ${JSON.stringify(path.join(here, 'embedded-engine.ts'))};
    import { message } from ${JSON.stringify(path.join(here, '../engine-contract/messages.ts'))};
    import { testNode } from ${JSON.stringify(path.join(here, '../engine-contract/test-node.ts'))};
    const [, directory, ledger, first, enough] = process.argv;
    const file = fs.openSync(ledger, 'a');
    let lines = 0;
    const say = (text) => {
      fs.writeSync(file, text + '\\n');
      if (++lines === Number(enough)) process.stdout.write('enough');
    };
    const engine = new EmbeddedEngine({ directory, segmentBytes: 65536, memoryBytes: 65536, ballastBytes: 65536 });
    const apply = (operation) => engine.apply({ operations: [operation], lane: 'durable' }).then((outcome) => {
      if (!outcome.ok) throw new Error(outcome.failure.detail);
    });
    let isClaiming = false;
    let inFlight = 0;
    const pump = async () => {
      if (isClaiming || inFlight > 30) return;
      isClaiming = true;
      const claimed = await engine.claim('a', [{ credit: 10 }], 1e6);
      isClaiming = false;
      inFlight += claimed.length;
      for (const { seq, message: { id }, recoveries } of claimed) {
        say('got ' + id + ' ' + recoveries);
        // Every fourth is kept for ever, so that each kill finds some in flight.
        if (Number(id) % 4 > 0) apply({ kind: 'settle', queue: 'a', seq }).then(() => { say('done ' + id); inFlight--; pump(); });
      }
      if (claimed.length > 0) pump();
    };
    await engine.start({ onMessage() {}, onReady: pump, onDead() {}, onGap() {}, onFatal(error) { throw error; } }, testNode());
    pump();
    let next = Number(first);
    const send = async () => {
      for (;;) {
        const id = String(next++);
        await apply({ kind: 'enqueue', queue: 'a', message: message(id, { body: Buffer.alloc(500, id) }) });
        say('sent ' + id);
      }
    };
    for (let i = 0; i < ${SENDERS}; i++) send();`;
}

describe('killed with SIGKILL at any moment', () => {
  test('it keeps what was confirmed, brings nothing back that was settled, and tells what comes again', async (t) => {
    const directory = await temporaryDirectory(t);
    const sent = new Set<string>();
    const done = new Set<string>();
    const got = new Set<string>();
    let next = 0;
    const kills = Math.max(3, Math.round(5 * Number(process.env.STOMPEDE_SCALE ?? 1)));
    for (let kill = 0; kill < kills; kill++) {
      const ledger = path.join(await temporaryDirectory(t), 'ledger');
      const enough = Math.round(20 + 500 * Math.random());
      const args = [worker(import.meta.dirname), directory, ledger, String(next), String(enough)];
      const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', ...args], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      t.after(() => child.kill('SIGKILL'));
      const exit = once(child, 'exit');
      child.stdout.once('data', () => child.kill('SIGKILL'));
      assert.deepEqual(await exit, [null, 'SIGKILL']);
      // The first of each sender may be there though none was confirmed.
      next += SENDERS;
      for (const line of fs.readFileSync(ledger, 'utf8').trim().split('\n')) {
        const [what, id, recoveries] = line.split(' ') as [string, string, string];
        if (what === 'sent') sent.add(id);
        if (what === 'done') done.add(id);
        if (what === 'got') {
          assert.ok(!done.has(id), `${id} was settled and came again`);
          // One that was claimed and not yet handed out counts as well, so the reverse does not hold.
          if (got.has(id)) assert.ok(Number(recoveries) > 0, `${id} came again as if it were new`);
          got.add(id);
        }
        next = Math.max(next, Number(id) + 1 + SENDERS);
      }
    }
    const engine = new EmbeddedEngine({ directory });
    t.after(() => engine.close());
    await engine.start(new RecordedEvents(), testNode());
    const left = await engine.claim('a', [{ credit: 1e6 }], 1e9);
    const ids = new Set(left.map(({ message }) => message.id));
    assert.equal(ids.size, left.length);
    for (const id of sent) assert.ok(ids.has(id) || done.has(id) || got.has(id), `${id} was confirmed and is gone`);
    for (const id of sent)
      if (!done.has(id) && Number(id) % 4 === 0) assert.ok(ids.has(id), `${id} was never settled and is gone`);
    for (const { message, recoveries } of left) {
      assert.ok(!done.has(message.id), `${message.id} was settled and is back`);
      if (got.has(message.id)) assert.ok(recoveries > 0, `${message.id} comes again as if it were new`);
      assert.deepEqual(message.body, Buffer.alloc(500, message.id));
    }
    const seqs = left.map(({ seq }) => seq);
    assert.deepEqual(
      seqs,
      seqs.toSorted((a, b) => a - b),
    );
    assert.ok(done.size > 0 && got.size > done.size && left.length > 0);
  });
});
