import { z } from 'zod';

/**
 * One row of the option table. The schema reads text (environment, flags) and typed values (file, createBroker) alike;
 * `expected` finishes the sentence "… must be …".
 */
export interface Option<T> {
  readonly schema: z.ZodType<T>;
  readonly expected: string;
  /** For values with an inside: what is wrong with this one, and where in it. */
  readonly explain?: (raw: unknown) => string | undefined;
  /** `ms`, `bytes`, or '' where a number stands for itself and for texts. */
  readonly unit: string;
  readonly default: T;
  /** One line for the table of options. */
  readonly sentence: string;
  /** The variable's name, where it is not made from the option's own name. */
  readonly env?: string;
  /** Its value never shows in messages. */
  readonly isSecret?: boolean;
}

/** What an option may say beside its kind, default and sentence. */
interface Extras {
  readonly env?: string;
  readonly min?: number;
  readonly max?: number;
  readonly isSecret?: boolean;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const TERABYTE = 1024 ** 4;

const number = z.union([z.number(), z.string().trim().regex(/^\d+$/).transform(Number)]);
const text = z.string().trim().min(1);
const list = z.union([z.array(text), z.string().transform((value) => value.split(',').map((part) => part.trim()))]);

function whole(fallback: number, sentence: string, unit: string, { env, min = 0, max = TERABYTE }: Extras): Option<number> {
  return {
    schema: number.pipe(z.number().int().min(min).max(max)),
    expected: `a whole number from ${min} to ${max}${unit ? ` (${unit})` : ''}`,
    unit,
    default: fallback,
    sentence,
    ...(env && { env }),
  };
}

export const count = (fallback: number, sentence: string, extras: Extras = {}): Option<number> =>
  whole(fallback, sentence, '', { min: 1, max: 1_000_000_000, ...extras });

export const bytes = (fallback: number, sentence: string, extras: Extras = {}): Option<number> =>
  whole(fallback, sentence, 'bytes', { min: 1, ...extras });

/** Spans end at a day: far below what a timer can hold. */
export const milliseconds = (fallback: number, sentence: string, extras: Extras = {}): Option<number> =>
  whole(fallback, sentence, 'ms', { min: 1, max: DAY_MS, ...extras });

export const port = (fallback: number, sentence: string, extras: Extras): Option<number> =>
  whole(fallback, sentence, '', { max: 65_535, ...extras });

export function portOrOff(fallback: number | 'off', sentence: string, extras: Extras): Option<number | 'off'> {
  const some = port(0, sentence, extras);
  return { ...some, schema: z.union([z.literal('off'), some.schema]), expected: `${some.expected}, or off`, default: fallback };
}

/** `auto` leaves the number to the machine. */
export function countOrAuto(fallback: number | 'auto', sentence: string, extras: Extras = {}): Option<number | 'auto'> {
  const some = count(1, sentence, extras);
  return { ...some, schema: z.union([z.literal('auto'), some.schema]), expected: `${some.expected}, or auto`, default: fallback };
}

export function toggle(fallback: boolean, sentence: string): Option<boolean> {
  const schema = z.union([z.boolean(), z.enum(['true', 'false']).transform((word) => word === 'true')]);
  return { schema, expected: 'true or false', unit: '', default: fallback, sentence };
}

export function word(fallback: string, sentence: string, { env }: Extras = {}): Option<string> {
  return { schema: text, expected: 'a text', unit: '', default: fallback, sentence, ...(env && { env }) };
}

/** A word that may become part of other names. */
export function name(fallback: string, sentence: string): Option<string> {
  const schema = z.string().regex(/^[\w.:-]{1,64}$/);
  return { schema, expected: '1 to 64 letters, digits and . _ : -', unit: '', default: fallback, sentence };
}

/** A text that may be left out: '' = none. */
export function optionalWord(sentence: string, expected: string, { env, isSecret }: Extras = {}): Option<string> {
  return { schema: z.string().trim(), expected, unit: '', default: '', sentence, ...(env && { env }), ...(isSecret && { isSecret }) };
}

export function choice<const T extends string>(words: readonly T[], fallback: T, sentence: string, { env }: Extras = {}): Option<T> {
  return { schema: z.enum(words), expected: `one of ${words.join(', ')}`, unit: '', default: fallback, sentence, ...(env && { env }) };
}

/** Texts of which each fits `pattern`; as text separated by commas. */
export function words(
  fallback: readonly string[],
  pattern: RegExp,
  expected: string,
  sentence: string,
  { env }: Extras,
): Option<readonly string[]> {
  return {
    schema: list.pipe(z.array(z.string().regex(pattern))),
    expected,
    unit: '',
    default: fallback,
    sentence,
    ...(env && { env }),
  };
}

/** Names and passcodes: `anna:secret,bob:other`, `["anna:secret"]` or `{ "anna": "secret" }`. */
export function passcodes(sentence: string, { env }: Extras): Option<Readonly<Record<string, string>>> {
  return {
    schema: z.union([z.record(z.string(), z.string()), list.transform(readPasscodes)]).pipe(
      z.record(z.string().min(1), z.string().min(1)),
    ),
    expected: 'name:passcode pairs with different names, separated by commas',
    unit: '',
    default: {},
    sentence,
    isSecret: true,
    ...(env && { env }),
  };
}

function readPasscodes(pairs: readonly string[], context: z.RefinementCtx): Record<string, string> {
  const users = new Map<string, string>();
  for (const pair of pairs) {
    // A name holds no colon, a passcode may.
    const colon = pair.indexOf(':');
    if (colon < 1 || users.has(pair.slice(0, colon))) context.addIssue({ code: 'custom', message: 'not a list of users' });
    users.set(pair.slice(0, colon), pair.slice(colon + 1));
  }
  return Object.fromEntries(users);
}
