import { Cron } from 'croner';

/** Field by field what may be written, as ActiveMQ has it: numbers, `*`, lists, ranges and steps; names of months and days besides. */
const FIELD = /^(?:[\d*,/-]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC|SUN|MON|TUE|WED|THU|FRI|SAT)+$/i;
const MAX_LENGTH = 256;
/** Expressions that were read lately. Reading one takes long, and finding out that a moment never comes takes longest. */
const MAX_KNOWN = 1_000;

/** Moments in UTC by five fields: minute, hour, day of the month, month, day of the week (0 and 7 are Sunday). */
export class CronExpression {
  readonly #cron: Cron;

  constructor(cron: Cron) {
    this.#cron = cron;
  }

  /** The first moment of it after that one, both in ms since the epoch; infinity when there is none. */
  nextAfter(at: number): number {
    return this.#cron.nextRun(new Date(at))?.getTime() ?? Infinity;
  }
}

const known = new Map<string, CronExpression | string>();

/** Reads an expression; answers with what is wrong with it, for a sentence that begins with what was expected. */
export function parseCron(text: string): CronExpression | string {
  let found = known.get(text);
  if (found === undefined) {
    found = read(text);
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(text, found);
  }
  return found;
}

function read(text: string): CronExpression | string {
  if (text.length > MAX_LENGTH) return `at most ${MAX_LENGTH} characters`;
  const fields = text.trim().split(/\s+/);
  if (fields.length !== 5) return 'five fields: minute, hour, day of the month, month, day of the week';
  const wrong = fields.find((field) => !FIELD.test(field));
  if (wrong !== undefined) return `five fields of numbers, *, lists, ranges and steps, which '${wrong}' is not`;
  try {
    const expression = new CronExpression(new Cron(fields.join(' '), { mode: '5-part', utcOffset: 0 }));
    return expression.nextAfter(Date.now()) === Infinity ? 'five fields that some moment has' : expression;
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error);
    return `five fields of a cron expression (${why})`;
  }
}
