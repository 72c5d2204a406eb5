import { readdirSync, readFileSync } from 'node:fs';

/** Linux' unit of process times: USER_HZ is 100 on every platform that Node runs on. */
const TICK_US = 10_000;

/**
 * What processes and all their descendants have used, read from `/proc`. The kernel scales utime and stime to the
 * scheduler's own exact sum, so a difference of two readings is off by one tick of 10 ms at most.
 */
export class ProcessTree {
  readonly #roots: readonly number[];

  constructor(roots: readonly number[]) {
    this.#roots = roots;
  }

  /** CPU time in µs, user and system, of the living processes and of those they waited for. */
  cpuMicros(): number {
    let ticks = 0;
    for (const stat of this.#stats()) ticks += stat.ticks;
    return ticks * TICK_US;
  }

  /** Octets of anonymous resident memory: heaps and stacks, without mapped files. */
  rssAnonBytes(): number {
    let kilobytes = 0;
    for (const { pid } of this.#stats()) kilobytes += rssAnonKilobytes(pid);
    return kilobytes * 1024;
  }

  #stats(): Stat[] {
    const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (readStat(Number(name)) ?? []) : []));
    const tree = all.filter((stat) => this.#roots.includes(stat.pid));
    if (tree.length < this.#roots.length) throw new Error(`Of the processes ${this.#roots.join(', ')} some are gone`);
    for (let i = 0; i < tree.length; i++) tree.push(...all.filter((stat) => stat.parent === tree[i]!.pid));
    return tree;
  }
}

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

/** Undefined for a process that ended meanwhile. */
function readStat(pid: number): Stat | undefined {
  const text = readProc(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The name may hold blanks and brackets; the fields after its last bracket are plain. proc(5): state is field 3.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  return { pid, parent: field(4), ticks: field(14) + field(15) + field(16) + field(17) };
}

function rssAnonKilobytes(pid: number): number {
  const match = /^RssAnon:\s+(\d+) kB$/m.exec(readProc(`/proc/${pid}/status`) ?? '');
  return match ? Number(match[1]) : 0;
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Processes end while the directory is read.
    return undefined;
  }
}
