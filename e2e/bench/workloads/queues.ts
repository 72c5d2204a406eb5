import { runAlone } from '../load-process.ts';
import { NOBODY, withinMs, type Workload } from './workload.ts';

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
  async *run({ testbed, target, scale: { depth: scale } }) {
    const destination = '/queue/bench-depth';
    const { bodyBytes, window } = scale;
    let [from, to] = [0, 0];
    for (const depth of scale.depths) {
      if (depth > to - from) {
        const job = { kind: 'fill', target, destination, bodyBytes, window: 500, from: to, to: from + depth } as const;
        const measured = await runAlone(testbed, job, 60_000 + FILL_MS * depth);
        to = from + depth;
        yield { name: `filling to ${depth}`, measured };
      }
      const job = { kind: 'queue', target, destination, ...scale, window, queued: { from, to } } as const;
      const measured = await runAlone(testbed, job, withinMs(scale));
      from += measured.extra?.['settled in all'] ?? 0;
      to += measured.extra?.['sent in all'] ?? 0;
      yield { name: `queue of ${depth}, window ${window}`, measured };
    }
  },
};
