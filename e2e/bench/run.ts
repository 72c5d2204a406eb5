import type { BenchOptions } from './options.ts';
import { Report } from './report.ts';
import type { Rival, RunningRival } from './rivals/rival.ts';
import { Testbed } from './testbed.ts';
import type { Workload } from './workloads/workload.ts';

/**
 * Does all the work: for each workload, round after round, every broker in turn, so that whatever else the machine does
 * meets all of them alike; who goes first changes from round to round. `say` hears of the progress.
 */
export async function runBench(options: BenchOptions, say: (line: string) => void): Promise<Report> {
  const report = new Report();
  const testbed = new Testbed(options.profileTo);
  try {
    const present = options.rivals.filter((rival) => isPresent(rival, report));
    for (const workload of options.workloads) {
      const rivals = present.filter((rival) => takesPart(rival, workload, options, report));
      const course = new Course(workload, options, testbed, report, say);
      try {
        for (let round = 0; round < options.rounds; round++) {
          for (const rival of rotate(rivals, round)) await course.run(rival, round);
        }
      } finally {
        await course.close();
      }
    }
  } finally {
    await testbed.close();
  }
  return report;
}

function isPresent(rival: Rival, report: Report): boolean {
  const absence = rival.absence();
  if (absence) report.rivals[rival.name] = `not measured: ${absence}`;
  return absence === undefined;
}

function takesPart(rival: Rival, workload: Workload, { named }: BenchOptions, report: Report): boolean {
  if (workload.onlyFor && !workload.onlyFor.includes(rival.name)) return false;
  if (rival.only && !rival.only.includes(workload.name)) return false;
  if (workload.needsQueues && !rival.hasQueues) {
    report.note(`${workload.name}: ${rival.name} has no queues`);
    return false;
  }
  if (workload.leftOut.names.includes(rival.name) && !named.has(rival.name)) {
    report.note(`${workload.name}: ${rival.name} is left out unless it is named (${workload.leftOut.why})`);
    return false;
  }
  return true;
}

/** One workload, with the brokers that run for it. */
class Course {
  readonly #workload: Workload;
  readonly #options: BenchOptions;
  readonly #testbed: Testbed;
  readonly #report: Report;
  readonly #say: (line: string) => void;
  readonly #running = new Map<Rival, RunningRival>();

  constructor(workload: Workload, options: BenchOptions, testbed: Testbed, report: Report, say: (line: string) => void) {
    this.#workload = workload;
    this.#options = options;
    this.#testbed = testbed;
    this.#report = report;
    this.#say = say;
  }

  /** A broker that fails is started anew for its next round; the others go on. */
  async run(rival: Rival, round: number): Promise<void> {
    const title = `${this.#workload.name}, round ${round + 1} of ${this.#options.rounds}, ${rival.name}`;
    this.#say(title);
    try {
      const { target, quietNodeBytes } = await this.#start(rival);
      const ground = { testbed: this.#testbed, target, scale: this.#options.scale, quietNodeBytes };
      for await (const { name, measured } of this.#workload.run(ground)) this.#report.add(this.#workload, name, rival.name, measured);
      if (this.#workload.isFresh) await this.#stop(rival);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#say(`${title}: ${why}`);
      this.#report.addFailure(this.#workload, rival.name, why);
      await this.#stop(rival);
    }
  }

  async close(): Promise<void> {
    for (const rival of [...this.#running.keys()]) await this.#stop(rival);
  }

  async #start(rival: Rival): Promise<RunningRival> {
    let running = this.#running.get(rival);
    if (!running) {
      running = await rival.start(this.#testbed);
      this.#running.set(rival, running);
      this.#report.rivals[rival.name] = `${running.version}; ${rival.about}`;
    }
    return running;
  }

  async #stop(rival: Rival): Promise<void> {
    const running = this.#running.get(rival);
    this.#running.delete(rival);
    await running?.close();
  }
}

function rotate<T>(items: readonly T[], by: number): T[] {
  const from = items.length > 0 ? by % items.length : 0;
  return [...items.slice(from), ...items.slice(0, from)];
}
