import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** One line of a broker's log: the JSON as it was written, or `{ text }` for a line that is none. */
export type LogLine = Readonly<Record<string, unknown>>;

/** How many lines are kept to show when something fails; judged is every line. */
const KEPT_LINES = 2_000;

/**
 * What a broker process says, on both its outputs. Collects the lines that a healthy run never has: `error` and
 * `fatal` ones, and whatever Node prints when an exception or a rejection went unhandled.
 */
export class ProcessLog {
  readonly lines: LogLine[] = [];
  readonly faults: LogLine[] = [];
  #watchers = new Set<(line: LogLine) => void>();

  follow(stream: Readable): void {
    const reader = createInterface({ input: stream });
    reader.on('line', (text) => this.#take(parseLine(text)));
  }

  /** Resolves with the first line, past or future, that fulfils `matches`. Bounded by the caller. */
  line(matches: (line: LogLine) => boolean): Promise<LogLine> {
    const past = this.lines.find(matches);
    if (past) return Promise.resolve(past);
    return new Promise((resolve) => {
      const watch = (line: LogLine): void => {
        if (!matches(line)) return;
        this.#watchers.delete(watch);
        resolve(line);
      };
      this.#watchers.add(watch);
    });
  }

  /** The last lines as text, for the message of a failure. */
  tail(count = 30): string {
    return this.lines
      .slice(-count)
      .map((line) => `    ${typeof line['text'] === 'string' ? line['text'] : JSON.stringify(line)}`)
      .join('\n');
  }

  #take(line: LogLine): void {
    this.lines.push(line);
    if (this.lines.length > KEPT_LINES) this.lines.shift();
    if (isFault(line)) this.faults.push(line);
    for (const watch of this.#watchers) watch(line);
  }
}

function parseLine(text: string): LogLine {
  if (!text.startsWith('{')) return { text };
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    // Not JSON after all: a line of a stack trace may begin with a brace.
    return { text };
  }
}

/** pino's numbers for `error` and above start at 50. */
function isFault(line: LogLine): boolean {
  const { level, text } = line;
  if (typeof level === 'number') return level >= 50;
  if (typeof level === 'string') return /^(error|fatal)$/i.test(level);
  return typeof text === 'string' && /Uncaught|UnhandledPromiseRejection|^Node\.js v|\b(Type|Range|Reference|Syntax)?Error: /.test(text);
}
