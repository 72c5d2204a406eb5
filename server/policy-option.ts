import { z } from 'zod';
import { RESERVED_PREFIXES } from './broker/engine.ts';
import { NO_DEAD_LETTER, QUEUE_IN_NAME } from './broker/failure-terms.ts';
import { NACK_WAYS } from './broker/nack.ts';
import { EXPIRY_WAYS, POLICY_PREFIXES, VIOLATION_WAYS, type DestinationPolicy } from './broker/policies.ts';
import { SLOW_CONSUMER_WAYS } from './broker/slow-consumer.ts';
import type { Option } from './option.ts';

const WEEK_MS = 7 * 24 * 60 * 60 * 1000;
const DAY_MS = 24 * 60 * 60 * 1000;
const YEAR_MS = 366 * DAY_MS;

const log = z.strictObject({
  maxMessages: z.int().min(1).max(1_000_000),
  maxAgeMs: z.int().min(0).max(YEAR_MS).default(0),
});

const redelivery = z.strictObject({
  maxAttempts: z.int().min(1).max(1_000_000_000).exactOptional(),
  maxRecoveries: z.int().min(1).max(1_000_000_000).exactOptional(),
  delayMs: z.int().min(0).max(DAY_MS).exactOptional(),
  backOffMultiplier: z.number().min(1).max(100).exactOptional(),
  maxDelayMs: z.int().min(1).max(DAY_MS).exactOptional(),
});

const deadLetter = z.string().refine(isDeadLetterName, {
  message: `expected none or the name of a queue, in which ${QUEUE_IN_NAME} may stand once beside something else`,
});

const durable = z.strictObject({
  maxMessages: z.int().min(0).exactOptional(),
  maxBytes: z.int().min(0).exactOptional(),
  maxAgeMs: z.int().min(0).exactOptional(),
  expireAfterMs: z.int().min(0).exactOptional(),
});

const policy = z
  .strictObject({
    destination: z
      .string()
      .refine((text) => POLICY_PREFIXES.some((prefix) => text.startsWith(prefix) && text.length > prefix.length), {
        message: `expected ${POLICY_PREFIXES.join(' or ')} and a pattern`,
      }),
    log: log.exactOptional(),
    durable: durable.exactOptional(),
    redelivery: redelivery.exactOptional(),
    deadLetter: deadLetter.exactOptional(),
    lastValueKey: z.string().min(1).max(256).exactOptional(),
    ttlMs: z.int().min(1).max(YEAR_MS).exactOptional(),
    onExpiry: z.enum(EXPIRY_WAYS).exactOptional(),
    dedupWindowMs: z.int().min(0).max(WEEK_MS).exactOptional(),
    nack: z.enum(NACK_WAYS).exactOptional(),
    ackTimeoutMs: z.int().min(100).max(DAY_MS).exactOptional(),
    slowConsumer: z.enum(SLOW_CONSUMER_WAYS).exactOptional(),
    schema: z
      .union([z.string().min(1), z.boolean(), z.record(z.string(), z.unknown())], { error: 'expected a JSON Schema or the path of a file with one' })
      .exactOptional(),
    onViolation: z.enum(VIOLATION_WAYS).exactOptional(),
  })
  .superRefine((found, context) => {
    const { destination } = found;
    const only = (prefix: string, fields: readonly (keyof typeof found)[]): void => {
      for (const field of fields) {
        if (found[field] === undefined || destination.startsWith(prefix)) continue;
        context.addIssue({ code: 'custom', path: [field], message: `expected it for ${prefix} destinations only` });
      }
    };
    only('/topic/', ['log', 'durable', 'slowConsumer']);
    only('/queue/', ['redelivery', 'ackTimeoutMs', 'nack', 'lastValueKey', 'ttlMs', 'onExpiry']);
    // Of a topic's messages only those die that its schema turns away.
    if (found.onViolation !== 'dead-letter') only('/queue/', ['deadLetter']);
    else if (found.deadLetter === NO_DEAD_LETTER) {
      context.addIssue({ code: 'custom', path: ['deadLetter'], message: 'expected a queue beside onViolation dead-letter' });
    }
    if (found.onViolation !== undefined && found.schema === undefined) {
      context.addIssue({ code: 'custom', path: ['onViolation'], message: 'expected it beside a schema only' });
    }
  });

/** A name for a queue that a client could write, and that is not each queue's own. */
function isDeadLetterName(text: string): boolean {
  const [, ...more] = text.split(QUEUE_IN_NAME);
  return text !== '' && text !== QUEUE_IN_NAME && more.length <= 1 && !RESERVED_PREFIXES.some((each) => text.startsWith(each)) && text.length <= 256;
}

/** A list of policies; as text, JSON of it. */
export function policies(sentence: string): Option<readonly DestinationPolicy[]> {
  return {
    schema: z.unknown().transform((raw, context): DestinationPolicy[] => {
      const found = readPolicies(raw);
      if (typeof found !== 'string') return found;
      context.addIssue({ code: 'custom', message: found });
      return z.NEVER;
    }),
    expected: 'a list like [{"destination":"/topic/chat.#","log":{"maxMessages":100,"maxAgeMs":3600000}}]',
    explain: (raw) => {
      const found = readPolicies(raw);
      return typeof found === 'string' ? found : undefined;
    },
    unit: '',
    default: [],
    sentence,
  };
}

/** The policies, or what is wrong with the first that is: where, what was expected, what came. */
function readPolicies(raw: unknown): DestinationPolicy[] | string {
  const value = typeof raw === 'string' ? fromJson(raw) : { json: raw };
  if ('fault' in value) return value.fault;
  const result = z.array(policy).safeParse(value.json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path ?? [];
  const came = path.reduce<unknown>((place, key) => (place as Record<PropertyKey, unknown> | undefined)?.[key], value.json);
  const where = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return `${where ? `at ${where.replace(/^\./, '')}: ` : ''}${issue?.message ?? 'not a list'}, got ${JSON.stringify(came) ?? 'nothing'}`;
}

function fromJson(text: string): { readonly json: unknown } | { readonly fault: string } {
  try {
    return { json: JSON.parse(text) };
  } catch (error) {
    return { fault: `expected JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}
