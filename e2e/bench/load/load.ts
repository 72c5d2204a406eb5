import { HeldConnections } from './held-connections.ts';
import { runJob, type Job, type JobResult } from './job.ts';

/** The load process: does one job after the other as its parent says, and ends when the parent is gone. */
const held = new HeldConnections();

process.on('message', (job: Job) => {
  runJob(job, held).then(
    (value) => reply({ ok: true, value }),
    (error: unknown) => reply({ ok: false, error: error instanceof Error ? error.message : String(error) }),
  );
});
process.once('disconnect', () => process.exit());

function reply(result: JobResult<unknown>): void {
  process.send?.(result);
}
