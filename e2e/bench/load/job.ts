import { destinations, type DestinationsJob } from './destinations.ts';
import { durableQueue, type QueueJob } from './durable-queue.ts';
import { fanOut, type FanOutJob } from './fan-out.ts';
import { fill, type FillJob } from './fill.ts';
import type { ConnectJob, HeldConnections, Part, SubscribeEachJob } from './held-connections.ts';
import type { Measured } from './meter.ts';
import { rooms, type RoomsJob } from './rooms.ts';

/** What a load process can be told to do, one at a time. */
export type MeasuredJob = FanOutJob | RoomsJob | QueueJob | FillJob | DestinationsJob;

/** Parts of a load that several processes make up together. */
export type PartJob = ConnectJob | SubscribeEachJob | { readonly kind: 'check' };

export type Job = MeasuredJob | PartJob;

export type JobResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string };

export function runJob(job: Job, held: HeldConnections): Promise<Measured | Part> {
  switch (job.kind) {
    case 'fan-out':
      return fanOut(job);
    case 'rooms':
      return rooms(job);
    case 'queue':
      return durableQueue(job);
    case 'fill':
      return fill(job);
    case 'destinations':
      return destinations(job);
    case 'connect':
      return held.connect(job);
    case 'subscribe-each':
      return held.subscribeEach(job);
    case 'check':
      return held.check();
  }
}
