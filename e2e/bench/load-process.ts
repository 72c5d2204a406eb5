import type { ChildProcess } from 'node:child_process';
import type { Part } from './load/held-connections.ts';
import type { JobResult, MeasuredJob, PartJob } from './load/job.ts';
import type { Measured } from './load/meter.ts';
import type { Testbed } from './testbed.ts';

/** A process of the load generator, seen from the benchmark's own. Does one job at a time. */
export class LoadProcess {
  readonly #testbed: Testbed;
  readonly #child: ChildProcess;

  private constructor(testbed: Testbed, child: ChildProcess) {
    this.#testbed = testbed;
    this.#child = child;
    child.stdout?.pipe(process.stderr, { end: false });
    child.stderr?.pipe(process.stderr, { end: false });
  }

  static async start(testbed: Testbed): Promise<LoadProcess> {
    const program = await testbed.compile(new URL('./load/load.ts', import.meta.url));
    return new LoadProcess(testbed, testbed.launch(program, [], { isOwn: true }));
  }

  /** Rejects with the job's own words when it fails, and when it takes longer than `withinMs`. */
  run(job: MeasuredJob, withinMs: number): Promise<Measured>;
  run(job: PartJob, withinMs: number): Promise<Part>;
  run(job: MeasuredJob | PartJob, withinMs: number): Promise<Measured | Part> {
    const child = this.#child;
    return new Promise((resolve, reject) => {
      const onExit = (): void => settle({ ok: false, error: 'the load process ended' });
      const settle = (result: JobResult<Measured | Part>): void => {
        clearTimeout(timer);
        child.off('message', settle);
        child.off('exit', onExit);
        if (result.ok) resolve(result.value);
        else reject(new Error(result.error));
      };
      const timer = setTimeout(() => settle({ ok: false, error: `not done within ${withinMs / 1000} s` }), withinMs);
      child.on('message', settle);
      child.once('exit', onExit);
      child.send(job);
    });
  }

  close(): Promise<void> {
    return this.#testbed.stop(this.#child, 1_000);
  }
}

/** Does one job in a process of its own. */
export async function runAlone(testbed: Testbed, job: MeasuredJob, withinMs: number): Promise<Measured> {
  const load = await LoadProcess.start(testbed);
  try {
    return await load.run(job, withinMs);
  } finally {
    await load.close();
  }
}
