import type { Headers } from '../protocol/frame.ts';
import { HEADER } from '../protocol/header-names.ts';
import type { ProtocolError } from '../protocol/protocol-error.ts';
import { parseCron } from './cron.ts';
import { badHeader } from './errors.ts';

/**
 * When a message is sent again and again, in ActiveMQ's terms: `repeats` times after the first, a `periodMs` apart. By
 * `cron` that whole series is run at each of its moments, `delayMs` later.
 */
export interface Schedule {
  /** '' = none. */
  readonly cron: string;
  /** From a moment of `cron` to the first of its series. */
  readonly delayMs: number;
  readonly periodMs: number;
  /** `ENDLESS` = for ever. */
  readonly repeats: number;
}

export const ENDLESS = -1;

/** No message is sent more often than this. */
const MIN_PERIOD_MS = 1_000;
const MAX_PERIOD_MS = 366 * 24 * 60 * 60 * 1000;
const MAX_REPEATS = 1_000_000_000;
/** The series of a cron expression may overlap, so there is an end to what they come to. */
const MAX_SERIES_MS = 60 * 60 * 1000;

/** Reads AMQ_SCHEDULED_CRON, PERIOD and REPEAT of a SEND; undefined when it is sent once. */
export function readSchedule(headers: Headers): Schedule | undefined | ProtocolError {
  const cron = headers.get(HEADER.AMQ_SCHEDULED_CRON)?.trim() ?? '';
  const period = headers.get(HEADER.AMQ_SCHEDULED_PERIOD);
  const repeat = headers.get(HEADER.AMQ_SCHEDULED_REPEAT);
  if (cron === '' && period === undefined && repeat === undefined) return undefined;

  const repeats = repeat === undefined ? 0 : wholeNumber(repeat, ENDLESS, MAX_REPEATS);
  if (repeats === undefined) return refuse(HEADER.AMQ_SCHEDULED_REPEAT, `a whole number from ${ENDLESS} (for ever) to ${MAX_REPEATS}`, repeat);
  const periodMs = period === undefined ? 0 : wholeNumber(period, 0, MAX_PERIOD_MS);
  if (periodMs === undefined || (repeats !== 0 && periodMs < MIN_PERIOD_MS)) {
    return refuse(HEADER.AMQ_SCHEDULED_PERIOD, `${MIN_PERIOD_MS} to ${MAX_PERIOD_MS} ms beside '${HEADER.AMQ_SCHEDULED_REPEAT}'`, period);
  }
  if (cron === '') return repeats === 0 ? undefined : { cron, delayMs: 0, periodMs, repeats };

  const expression = parseCron(cron);
  if (typeof expression === 'string') return refuse(HEADER.AMQ_SCHEDULED_CRON, expression, cron);
  const delay = headers.get(HEADER.AMQ_SCHEDULED_DELAY);
  const delayMs = delay === undefined ? 0 : wholeNumber(delay, 0, MAX_SERIES_MS);
  if (delayMs === undefined) return refuse(HEADER.AMQ_SCHEDULED_DELAY, `0 to ${MAX_SERIES_MS} ms beside '${HEADER.AMQ_SCHEDULED_CRON}'`, delay);
  if (repeats === ENDLESS || delayMs + repeats * periodMs > MAX_SERIES_MS) {
    const expected = `so small beside '${HEADER.AMQ_SCHEDULED_CRON}' that with delay and period all is sent within ${MAX_SERIES_MS} ms`;
    return refuse(HEADER.AMQ_SCHEDULED_REPEAT, expected, repeat);
  }
  return { cron, delayMs, periodMs, repeats };
}

const refuse = (name: string, expected: string, came: string | undefined): ProtocolError => badHeader('SEND', name, expected, came ?? 'nothing');

function wholeNumber(text: string, min: number, max: number): number | undefined {
  if (!/^\s*-?\d{1,15}\s*$/.test(text)) return undefined;
  const number = Number(text);
  return number >= min && number <= max ? number : undefined;
}
