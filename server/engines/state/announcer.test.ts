import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { message } from '../engine-contract/messages.ts';
import { RecordedEvents } from '../engine-contract/recorded-events.ts';
import { Announcer } from './announcer.ts';
import { Interest } from './interest.ts';

const publication = (topic: string, id: string): { topic: string; message: ReturnType<typeof message> } => ({ topic, message: message(id) });

function watching(...patterns: string[]): { announcer: Announcer; events: RecordedEvents } {
  const interest = new Interest();
  for (const pattern of patterns) interest.add(pattern);
  const events = new RecordedEvents();
  return { announcer: new Announcer(events, interest), events };
}

describe('announcer', () => {
  test('hands up everything of one turn after it, each queue once', async () => {
    const { announcer, events } = watching('news');
    announcer.add({ ready: ['a', 'a', 'b'], publications: [publication('news', 'm1')] });
    announcer.add({ ready: ['b', 'c'], publications: [publication('news', 'm2')] });
    announcer.hint('a');
    assert.equal(events.messages.length + events.ready.length, 0);
    await Promise.resolve();
    assert.deepEqual(events.published, ['news m1', 'news m2']);
    assert.deepEqual(events.ready, ['a', 'b', 'c']);
  });

  test('keeps what nobody watches to itself', async () => {
    const { announcer, events } = watching('news');
    announcer.add({ ready: [], publications: [publication('other', 'm1'), publication('news', 'm2')] });
    await Promise.resolve();
    assert.deepEqual(events.published, ['news m2']);
  });

  test('is silent once it is closed', async () => {
    const { announcer, events } = watching('news');
    announcer.add({ ready: ['a'], publications: [publication('news', 'm1')] });
    announcer.close();
    announcer.hint('b');
    await Promise.resolve();
    assert.equal(events.messages.length + events.ready.length, 0);
  });

  test('loses nothing to a listener that throws, and hides no error', () => {
    const script = `
      import { Announcer } from './announcer.ts';
      import { Interest } from './interest.ts';
      const seen = [];
      const told = (what) => { seen.push(what); if (what === 'm2' || what === 'a') throw new Error('listener of ' + what); };
      const interest = new Interest();
      interest.add('#');
      process.on('uncaughtException', (error) => seen.push(error.message));
      process.on('exit', () => console.log(seen.join(', ')));
      const announcer = new Announcer({ onMessage: (topic, message) => told(message.id), onReady: told, onEvicted: told }, interest);
      const publications = ['m1', 'm2', 'm3'].map((id) => ({ topic: 'news', message: { id } }));
      announcer.add({ ready: ['a', 'b'], publications });
    `;
    const cwd = fileURLToPath(new URL('.', import.meta.url));
    const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
    assert.equal(stdout.trim(), 'm1, m2, listener of m2, m3, a, listener of a, b', stderr);
  });
});
