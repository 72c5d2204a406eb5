import { runAlone } from '../load-process.ts';
import { NOBODY, withinMs, type CaseMeasured, type Ground, type Workload } from './workload.ts';

let queueCount = 0;

export const queue: Workload = {
  name: 'queue',
  unit: 'message',
  about: 'SEND with a RECEIPT, one consumer that acknowledges each; ledger of exactly which came',
  needsQueues: true,
  isFresh: false,
  leftOut: NOBODY,
  async *run({ testbed, target, scale: { queue: scale } }) {
    for (const window of scale.windows) {
      const destination = `/queue/bench-${++queueCount}`;
      const job = { kind: 'queue', target, destination, ...scale, window, queued: { from: 0, to: 0 } } as const;
      const measured = await runAlone(testbed, job, withinMs(scale));
      yield { name: `queue, ${scale.bodyBytes} octets, window ${window}`, measured };
    }
  },
};

/** The most that filling a queue may take, per message. */
const FILL_MS = 0.5;

export const depth: Workload = {
  name: 'depth',
  unit: 'message',
  about: 'curve: the same with more and more messages waiting, first in first out',
  needsQueues: true,
  isFresh: true,
  leftOut: { names: ['rabbitmq'], why: 'minutes for each point' },
  run: (ground) => overWaiting(ground, '/queue/bench-depth', ''),
};

/** What this broker's engines do alike; others would be asked for something else. */
const OURS = ['stompede', 'stompede-memory', 'stompede-redis'];

export const priority: Workload = {
  name: 'priority',
  unit: 'message',
  about: 'curve: as depth, with messages of a priority of their own',
  needsQueues: true,
  isFresh: true,
  leftOut: NOBODY,
  onlyFor: OURS,
  run: (ground) => overWaiting(ground, '/queue/bench-priority', 'priority:7\n'),
};

export const selectors: Workload = {
  name: 'selectors',
  unit: 'message',
  about: 'curve: the queue workload with a selector, behind more and more messages that it does not match',
  needsQueues: true,
  isFresh: true,
  leftOut: NOBODY,
  onlyFor: OURS,
  run: (ground) => beside(ground, '/queue/bench-selectors', { waiting: '', sent: 'wanted:yes\n', subscribed: "selector:wanted = 'yes'\n" }),
};

export const scheduled: Workload = {
  name: 'scheduled',
  unit: 'message',
  about: 'curve: the queue workload beside more and more messages that are due tomorrow',
  needsQueues: true,
  isFresh: true,
  leftOut: NOBODY,
  onlyFor: OURS,
  run: (ground) => beside(ground, '/queue/bench-scheduled', { waiting: 'x-delay:86400000\n', sent: '', subscribed: '' }),
};

/** The queue workload over more and more messages of the same kind. */
async function* overWaiting({ testbed, target, scale: { depth: scale } }: Ground, destination: string, headers: string): AsyncIterable<CaseMeasured> {
  const { bodyBytes, window } = scale;
  let [from, to] = [0, 0];
  for (const depth of scale.depths) {
    if (depth > to - from) {
      const job = { kind: 'fill', target, destination, bodyBytes, window: 500, from: to, to: from + depth, headers } as const;
      const measured = await runAlone(testbed, job, 60_000 + FILL_MS * depth);
      to = from + depth;
      yield { name: `filling to ${depth}`, measured };
    }
    const job = { kind: 'queue', target, destination, ...scale, window, queued: { from, to }, sendHeaders: headers } as const;
    const measured = await runAlone(testbed, job, withinMs(scale));
    from += measured.extra?.['settled in all'] ?? 0;
    to += measured.extra?.['sent in all'] ?? 0;
    yield { name: `queue of ${depth}, window ${window}`, measured };
  }
}

/** Header lines of what waits all the time, of what is sent, and of its consumer. */
interface Besides {
  readonly waiting: string;
  readonly sent: string;
  readonly subscribed: string;
}

/** What a selector takes to look through what waits, per message: it has to be through when the measured stretch begins. */
const LOOK_MS = 0.012;

/** The queue workload in a queue where more and more is that the consumer does not get. */
async function* beside({ testbed, target, scale: { depth: scale } }: Ground, destination: string, headers: Besides): AsyncIterable<CaseMeasured> {
  const { bodyBytes, window } = scale;
  let waiting = 0;
  for (const depth of scale.depths) {
    if (depth > waiting) {
      const job = { kind: 'fill', target, destination, bodyBytes, window: 500, from: waiting, to: depth, headers: headers.waiting } as const;
      const measured = await runAlone(testbed, job, 60_000 + FILL_MS * depth);
      waiting = depth;
      yield { name: `filling to ${depth}`, measured };
    }
    const warmUpMs = scale.warmUpMs + LOOK_MS * depth;
    const job = { kind: 'queue', target, destination, ...scale, warmUpMs, window, queued: { from: 0, to: 0 }, sendHeaders: headers.sent, subscribeHeaders: headers.subscribed } as const;
    const measured = await runAlone(testbed, job, withinMs(job));
    yield { name: `queue beside ${depth}, window ${window}`, measured };
  }
}
