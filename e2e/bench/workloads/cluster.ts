import { setTimeout as passed } from 'node:timers/promises';
import { LONGEST_WARM_UP } from '../load/meter.ts';
import { LoadProcess, runAlone } from '../load-process.ts';
import { NOBODY, withinMs, type Workload } from './workload.ts';

let queueCount = 0;

export const lanes: Workload = {
  name: 'lanes',
  unit: 'delivery',
  about: 'a plain topic, one message at a time, alone and then beside a durable queue under load',
  needsQueues: true,
  isFresh: true,
  leftOut: { names: ['rabbitmq'], why: 'its receipts of topics and queues come one way' },
  async *run({ testbed, target, scale: { lanes: scale } }) {
    const { subscribers, queueWindow, bodyBytes } = scale;
    const topic = { kind: 'fan-out', target, subscribers, pace: { ...scale, window: 1 } } as const;
    yield { name: 'topic alone', measured: await runAlone(testbed, topic, withinMs(scale)) };

    const destination = `/queue/bench-lanes-${++queueCount}`;
    // The queue is busy for longer than the topic is measured, whichever process is quicker to begin.
    const times = { warmUpMs: scale.warmUpMs, measureMs: scale.measureMs * 2 + LONGEST_WARM_UP * scale.warmUpMs };
    const queue = { kind: 'queue', target, destination, bodyBytes, window: queueWindow, queued: { from: 0, to: 0 }, ...times } as const;
    const busy = await LoadProcess.start(testbed);
    try {
      const queued = busy.run(queue, withinMs(times));
      const [measured, beside] = await Promise.all([runAlone(testbed, topic, withinMs(scale)), queued]);
      const messages = Math.round((beside.units / beside.elapsedMs) * 1000);
      yield { name: 'topic beside a queue', measured: { ...measured, extra: { 'queue messages/s': messages } } };
    } finally {
      await busy.close();
    }
  },
};

export const wildcards: Workload = {
  name: 'wildcards',
  unit: 'delivery',
  about: 'curve: few subscribers of one topic, more and more wildcard subscriptions beside them that do not match',
  needsQueues: false,
  isFresh: true,
  leftOut: NOBODY,
  onlyFor: ['stompede', 'stompede-redis-2'],
  async *run({ testbed, target, scale: { wildcards: scale } }) {
    const { counts, subscribers, window } = scale;
    for (const bystanders of counts) {
      const job = { kind: 'fan-out', target, subscribers, bystanders, pace: scale } as const;
      const measured = await runAlone(testbed, job, withinMs(scale));
      yield { name: `${bystanders} wildcards, window ${window}`, measured };
    }
  },
};

export const quietNode: Workload = {
  name: 'quiet-node',
  unit: 'delivery',
  about: 'rooms on two nodes; what Redis sends to a third one meanwhile, without clients',
  needsQueues: false,
  isFresh: true,
  leftOut: NOBODY,
  onlyFor: ['stompede-redis-quiet'],
  async *run({ testbed, target, scale: { quietNode: scale }, quietNodeBytes = () => 0 }) {
    const { rooms, membersPerRoom, warmUpMs, measureMs } = scale;
    const rate = async <T>(work: Promise<T>): Promise<[T, number]> => {
      const [bytes, startedAt] = [quietNodeBytes(), performance.now()];
      return [await work, ((quietNodeBytes() - bytes) / (performance.now() - startedAt)) * 1000];
    };
    const [, idle] = await rate(passed(warmUpMs + measureMs));
    const job = { kind: 'rooms', target, rooms, membersPerRoom, pace: { ...scale, window: 1 } } as const;
    const [measured, busy] = await rate(runAlone(testbed, job, withinMs(scale)));
    const extra = { 'octets/s to the quiet node, idle': idle, 'octets/s, busy': busy };
    yield { name: `${rooms} rooms of ${membersPerRoom} elsewhere`, measured: { ...measured, extra } };
  },
};
