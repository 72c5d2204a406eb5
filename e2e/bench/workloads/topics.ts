import { runAlone } from '../load-process.ts';
import { NOBODY, withinMs, type Workload } from './workload.ts';

export const fanOut: Workload = {
  name: 'fan-out',
  unit: 'delivery',
  about: 'one publisher, all others subscribe; a window of messages that the slowest has not got yet',
  needsQueues: false,
  isFresh: false,
  leftOut: NOBODY,
  async *run({ testbed, target, scale: { fanOut: scale } }) {
    for (const window of scale.windows) {
      const pace = { ...scale, window };
      const measured = await runAlone(testbed, { kind: 'fan-out', target, subscribers: scale.subscribers, pace }, withinMs(scale));
      yield { name: `fan-out to ${scale.subscribers}, window ${window}`, measured };
    }
  },
};

export const rooms: Workload = {
  name: 'rooms',
  unit: 'delivery',
  about: 'everyone in a room sends, each the next message when all in the room have the one before',
  needsQueues: false,
  isFresh: false,
  leftOut: NOBODY,
  async *run({ testbed, target, scale: { rooms: scale } }) {
    const { rooms, membersPerRoom } = scale;
    const measured = await runAlone(testbed, { kind: 'rooms', target, rooms, membersPerRoom, pace: { ...scale, window: 1 } }, withinMs(scale));
    yield { name: `${rooms} rooms of ${membersPerRoom}`, measured };
  },
};

const SLOW = { names: ['stomp-broker-js', 'rabbitmq'], why: 'minutes for each point' };

export const subscribers: Workload = {
  name: 'subscribers',
  unit: 'delivery',
  about: 'curve: fan-out in bursts of equal size, more and more subscribers',
  needsQueues: false,
  isFresh: true,
  leftOut: SLOW,
  async *run({ testbed, target, scale: { subscribers: scale } }) {
    for (const subscribers of scale.counts) {
      const pace = { ...scale, inBursts: true };
      const measured = await runAlone(testbed, { kind: 'fan-out', target, subscribers, pace }, withinMs(scale));
      yield { name: `${subscribers} subscribers, bursts of ${scale.window}`, measured };
    }
  },
};

export const destinations: Workload = {
  name: 'destinations',
  unit: 'delivery',
  about: 'curve: bursts of equal size, each to topics of one connection, more and more topics',
  needsQueues: false,
  isFresh: true,
  leftOut: SLOW,
  async *run({ testbed, target, scale: { destinations: scale } }) {
    for (const destinations of scale.counts) {
      const job = { kind: 'destinations', target, destinations, connections: scale.connections, pace: scale } as const;
      const measured = await runAlone(testbed, job, withinMs(scale, 120_000));
      yield { name: `topics ${destinations}, connections ${scale.connections}`, measured };
    }
  },
};
