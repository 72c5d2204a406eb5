import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { figuresOf, flawOf, medianFigures, type Figures } from './figures.ts';
import type { Measured } from './load/meter.ts';
import type { Workload } from './workloads/workload.ts';

/** One case of a workload, done by one broker. */
export interface Row {
  readonly workload: string;
  readonly case: string;
  readonly unit: Workload['unit'];
  readonly rival: string;
  readonly rounds: Figures[];
  /** What went wrong, round by round: failed runs, and ledgers that do not close. */
  readonly flaws: string[];
}

/** Everything a run of the benchmark found out. */
export class Report {
  readonly startedAt = new Date();
  readonly rows: Row[] = [];
  /** Rival to its version, or to why it is not here. */
  readonly rivals: Record<string, string> = {};
  readonly notes: string[] = [];

  add(workload: Workload, caseName: string, rival: string, measured: Measured): void {
    const row = this.#row(workload, caseName, rival);
    row.rounds.push(figuresOf(measured));
    const flaw = flawOf(measured.ledger);
    if (flaw) row.flaws.push(flaw);
  }

  addFailure(workload: Workload, rival: string, why: string): void {
    this.#row(workload, 'failed', rival).flaws.push(why);
  }

  note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text);
  }

  /** Whether every run ended well and every ledger closed. */
  get isFlawless(): boolean {
    return this.rows.every((row) => row.flaws.length === 0);
  }

  toJson(): unknown {
    const { startedAt, rivals, notes } = this;
    const rows = this.rows.map((row) => ({ ...row, median: row.rounds.length > 0 ? medianFigures(row.rounds) : null }));
    return { startedAt: startedAt.toISOString(), machine: machine(), rivals, notes, rows };
  }

  #row(workload: Workload, caseName: string, rival: string): Row {
    let row = this.rows.find((known) => known.workload === workload.name && known.case === caseName && known.rival === rival);
    if (!row) {
      row = { workload: workload.name, case: caseName, unit: workload.unit, rival, rounds: [], flaws: [] };
      this.rows.push(row);
    }
    return row;
  }
}

export function machine(): Readonly<Record<string, string | number>> {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    load: readFileSync('/proc/loadavg', 'utf8').split(' ')[0] ?? '',
  };
}
