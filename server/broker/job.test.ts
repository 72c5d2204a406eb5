import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeMessageRecord, encodeMessageRecord } from './message-record.ts';
import { SCHEDULE_QUEUE, type Operation } from './engine.ts';
import { asScheduled, fire, JobError } from './job.ts';
import type { Message } from './message.ts';
import { ENDLESS, type Schedule } from './schedule.ts';
import { sampleMessage } from './selector/testing/sample-message.ts';

const NOW = Date.parse('2026-11-27T12:00:10Z');
const MINUTE = 60_000;

const draft = (rest: Partial<Message> = {}): Message => sampleMessage({ own: '1' }, { id: 'm1', timestamp: NOW, ...rest });
const publish = (rest: Partial<Message> = {}): Operation => ({ kind: 'publish', topic: 't', message: draft(rest) });
const enqueue = (rest: Partial<Message> = {}): Operation => ({ kind: 'enqueue', queue: 'q', message: draft(rest) });
const series = (rest: Partial<Schedule> = {}): Schedule => ({ cron: '', delayMs: 0, periodMs: 1_000, repeats: 2, ...rest });

type Sent = Extract<Operation, { kind: 'enqueue' | 'publish' }>;

function sent(operation: Operation): Sent {
  assert.ok(operation.kind === 'enqueue' || operation.kind === 'publish');
  return operation;
}

/** A job as it comes back from a store. */
function stored(operation: Operation): Message {
  const { kind, message } = sent(operation);
  assert.ok(kind === 'enqueue' && 'queue' in operation && operation.queue === SCHEDULE_QUEUE);
  return decodeMessageRecord(encodeMessageRecord(message));
}

/** When all that is sent by a job is, after its start in seconds, up to a number of firings. */
function firings(operation: Operation, count: number): [name: string, seconds: number][] {
  const jobs = [stored(operation)];
  const found: [string, number][] = [];
  for (let i = 0; jobs.length > 0 && i < count; i++) {
    jobs.sort((a, b) => a.dueAt - b.dueAt);
    const job = jobs.shift()!;
    for (const each of fire(job, String(i), job.dueAt).map(sent)) {
      if (each.kind === 'enqueue' && each.queue === SCHEDULE_QUEUE) jobs.push(stored(each));
      else found.push([each.kind === 'enqueue' ? each.queue : each.topic, (job.dueAt - NOW) / 1_000]);
    }
  }
  return found;
}

describe('a message that is sent later', () => {
  test('waits in its queue by itself, and as a job for a topic', () => {
    const delayed = enqueue({ dueAt: NOW + MINUTE });
    assert.equal(asScheduled(delayed, undefined, NOW), delayed);
    const now = publish({ dueAt: NOW });
    assert.equal(asScheduled(now, undefined, NOW), now);
    assert.deepEqual(firings(asScheduled(publish({ dueAt: NOW + MINUTE }), undefined, NOW), 9), [['t', 60]]);
  });

  test('is then what it was', () => {
    const operation: Operation = { kind: 'publish', topic: 't', message: draft({ dueAt: NOW + MINUTE, expiresAt: NOW + 2 * MINUTE, group: 'g', priority: 7, origin: 's' }), log: { maxMessages: 5, maxAgeMs: 0 } };
    const job = stored(asScheduled(operation, undefined, NOW));
    // A queue must not act on any of it before.
    assert.deepEqual([job.expiresAt, job.group, job.dueAt], [0, '', NOW + MINUTE]);
    assert.deepEqual(fire(job, 'n', NOW + MINUTE), [{ ...operation, message: { ...operation.message, dueAt: 0 } }]);
    assert.deepEqual(fire(job, 'n', NOW + 3 * MINUTE), []);
  });

  test('is made a job once, where it is to happen once', () => {
    const once = { key: 'k', windowMs: 1 };
    const job = sent(asScheduled({ ...sent(publish({ dueAt: NOW + 1 })), once }, undefined, NOW));
    assert.deepEqual(job.once, once);
    assert.equal(sent(fire(job.message, 'n', NOW + 1)[0]!).once, undefined);
  });
});

describe('a message that is sent again and again', () => {
  test('comes once and then as often as was said, from its delay or a period on', () => {
    assert.deepEqual(firings(asScheduled(enqueue(), series(), NOW), 99), [['q', 1], ['q', 2], ['q', 3]]);
    assert.deepEqual(firings(asScheduled(publish({ dueAt: NOW + 5_000 }), series(), NOW), 99), [['t', 5], ['t', 6], ['t', 7]]);
    assert.equal(firings(asScheduled(enqueue(), series({ repeats: ENDLESS }), NOW), 500).length, 500);
  });

  test('has an id of its own each time, the id of its job, and a life of its own', () => {
    const job = stored(asScheduled(enqueue({ expiresAt: NOW + 500, group: 'g', lastValue: 'k' }), series(), NOW));
    assert.equal(job.lastValue, '', 'jobs replace each other never');
    const [copy, next] = fire(job, 'a', NOW + 1_000).map(sent);
    assert.deepEqual([copy?.message.id, copy?.message.timestamp, copy?.message.expiresAt, copy?.message.group, copy?.message.lastValue, copy?.message.dueAt], ['m1.a', NOW + 1_000, NOW + 1_500, 'g', 'k', 0]);
    assert.deepEqual(copy?.message.headers, ['own', '1', 'scheduledJobId', 'm1']);
    assert.equal(next?.message.id, 'm1');
  });

  test('comes by a cron expression, each time the whole series', () => {
    assert.deepEqual(firings(asScheduled(enqueue(), series({ cron: '* * * * *', periodMs: 0, repeats: 0 }), NOW), 3).map(([, at]) => at), [50, 110, 170]);
    assert.deepEqual(firings(asScheduled(enqueue(), series({ cron: '*/2 * * * *', delayMs: 5_000, periodMs: 10_000, repeats: 1 }), NOW), 6).map(([, at]) => at), [115, 125, 235, 245]);
    // Series that overlap.
    assert.deepEqual(firings(asScheduled(enqueue(), series({ cron: '* * * * *', periodMs: 40_000, repeats: 2 }), NOW), 6).map(([, at]) => at), [50, 90, 110, 130, 150, 170]);
  });

  test('makes up for an hour in which nobody could send it', () => {
    const job = stored(asScheduled(enqueue(), series({ repeats: ENDLESS }), NOW));
    const [, next] = fire(job, 'a', NOW + 10 * MINUTE).map(sent);
    assert.equal(next?.message.dueAt, NOW + 2_000);
    const [, late] = fire(job, 'a', NOW + 100 * MINUTE).map(sent);
    assert.equal(late?.message.dueAt, NOW + 40 * MINUTE + 1_000);
  });

  test('is not read where a later release wrote it', () => {
    const job = stored(asScheduled(enqueue(), series(), NOW));
    const later = { ...job, headers: [job.headers[0]!, job.headers[1]!.replace('"version":1', '"version":2')] };
    assert.throws(() => fire(later, 'a', NOW), JobError);
    assert.throws(() => fire(draft(), 'a', NOW), JobError);
  });
});
