import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MAX_FINISHED, MAX_SENT, NO_WORK, reduceWork, waitingWork, type Job, type WorkEvent, type WorkState } from './work.ts';

function after(...events: WorkEvent[]): WorkState {
  return events.reduce(reduceWork, NO_WORK);
}

function job(key: string, change: Partial<Job> = {}): Job {
  return {
    ...{ id: `work of ${key}`, title: `Title ${key}`, sentAt: 1_000 },
    ...{ key, arrivedAt: 2_000, attempt: 1, isRedelivered: false, isSettling: false },
    ...change,
  };
}

const arrived = (key: string, change: Partial<Job> = {}): WorkEvent => ({ kind: 'arrived', job: job(key, change) });
const sending = (id: string): WorkEvent => ({ kind: 'sending', work: { id, title: `Title ${id}`, sentAt: 1_000 } });
const worker = (to: WorkState['worker']): WorkEvent => ({ kind: 'worker', worker: to });

describe('work that is sent', () => {
  test('waits until it is sent, and is counted as stored once', () => {
    const state = after(sending('a'), sending('b'));
    assert.deepEqual(waitingWork(state).map(({ id }) => id), ['a', 'b']);
    const stored: WorkEvent = { kind: 'moved', id: 'a', delivery: 'stored' };
    const done = [stored, stored].reduce(reduceWork, state);
    assert.deepEqual([done.sentCount, done.storedCount], [2, 1]);
    assert.equal(done.news, 'Stored: Title a');
  });

  test('keeps the reason of a refusal', () => {
    const state = after(sending('a'), { kind: 'moved', id: 'a', delivery: 'failed', reason: 'Disk full' });
    assert.equal(state.sent[0]?.reason, 'Disk full');
  });

  test('is listed up to a limit, and counted beyond it', () => {
    const state = after(...Array.from({ length: MAX_SENT + 2 }, (_, index) => sending(`w${index}`)));
    assert.equal(state.sent.length, MAX_SENT);
    assert.equal(state.sent[0]?.id, 'w2');
    assert.equal(state.sentCount, MAX_SENT + 2);
  });
});

describe('a job in hand', () => {
  test('arrives, is settled, and is listed as finished, newest first', () => {
    const state = after(worker('on'), arrived('1'), arrived('2'), { kind: 'settling', key: '1' });
    assert.equal(state.inHand[0]?.isSettling, true);
    const finished = [{ kind: 'finished', key: '1' } as const, { kind: 'finished', key: '2' } as const].reduce(reduceWork, state);
    assert.deepEqual(finished.inHand, []);
    assert.deepEqual(finished.finished.map(({ key }) => key), ['2', '1']);
    assert.equal(finished.finishedCount, 2);
  });

  test('is announced with the count of its deliveries when it comes again', () => {
    assert.equal(after(arrived('1')).news, 'Arrived: Title 1');
    assert.equal(after(arrived('1', { isRedelivered: true, attempt: 3 })).news, 'Arrived again, delivery 3: Title 1');
  });

  test('leaves the hand when it is returned, and is not finished', () => {
    const state = after(arrived('1'), { kind: 'returned', key: '1' });
    assert.deepEqual([state.inHand, state.finished, state.finishedCount], [[], [], 0]);
  });

  test('stays in hand when the broker does not take the answer', () => {
    const state = after(arrived('1'), { kind: 'settling', key: '1' }, { kind: 'unsettled', key: '1', reason: 'Disk full' });
    assert.equal(state.inHand[0]?.isSettling, false);
    assert.match(state.news, /Disk full/);
  });

  test('is settled after the worker went without any effect', () => {
    const state = after(worker('on'), arrived('1'), worker('off'));
    assert.equal(reduceWork(state, { kind: 'finished', key: '1' }), state);
    assert.equal(reduceWork(state, { kind: 'returned', key: '1' }), state);
  });
});

describe('the worker', () => {
  test('gives back what it had in hand when it is switched off', () => {
    const state = after(worker('on'), arrived('1'), arrived('2'), worker('off'));
    assert.deepEqual(state.inHand, []);
    assert.equal(state.news, 'The worker is off. 2 jobs go back to the queue.');
  });

  test('has nothing in hand while the connection is lost', () => {
    const state = after(worker('on'), arrived('1'), worker('parted'));
    assert.deepEqual(state.inHand, []);
    assert.equal(state.news, 'The worker lost its connection. One job goes back to the queue.');
    assert.equal(reduceWork(state, worker('on')).worker, 'on');
  });

  test('tells why it was refused', () => {
    const state = after(worker('starting'), { kind: 'worker', worker: 'refused', reason: 'Access refused' });
    assert.equal(state.news, 'The broker refused the worker: Access refused.');
  });

  test('keeps a short list of what it finished', () => {
    const keys = Array.from({ length: MAX_FINISHED + 5 }, (_, index) => String(index));
    const state = after(...keys.flatMap((key): WorkEvent[] => [arrived(key), { kind: 'finished', key }]));
    assert.equal(state.finished.length, MAX_FINISHED);
    assert.equal(state.finishedCount, MAX_FINISHED + 5);
  });
});
