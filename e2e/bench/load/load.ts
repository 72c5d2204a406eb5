import { runJob, type Job, type JobResult } from './job.ts';

/** The load process: does one job after the other as its parent says, and ends when the parent is gone. */
process.on('message', (job: Job) => {
  runJob(job).then(
    (measured) => reply({ ok: true, measured }),
    (error: unknown) => reply({ ok: false, error: error instanceof Error ? error.message : String(error) }),
  );
});
process.once('disconnect', () => process.exit());

function reply(result: JobResult): void {
  process.send?.(result);
}
