import { fanOut, type FanOutJob } from './fan-out.ts';
import type { Measured } from './meter.ts';
import { rooms, type RoomsJob } from './rooms.ts';

/** What a load process can be told to do, one at a time. */
export type Job = FanOutJob | RoomsJob;

/** The answer to a job. */
export type JobResult = { readonly ok: true; readonly measured: Measured[] } | { readonly ok: false; readonly error: string };

export async function runJob(job: Job): Promise<Measured[]> {
  switch (job.kind) {
    case 'fan-out':
      return [await fanOut(job)];
    case 'rooms':
      return [await rooms(job)];
  }
}
