import { HEADER } from '../protocol/header-names.ts';
import { parseCron } from './cron.ts';
import { SCHEDULE_QUEUE, type Operation } from './engine.ts';
import type { Message } from './message.ts';
import { ENDLESS, type Schedule } from './schedule.ts';

type Enqueue = Extract<Operation, { kind: 'enqueue' }>;
type Publish = Extract<Operation, { kind: 'publish' }>;

/** What sends a message. */
type Sending = Enqueue | Publish;

/**
 * A message that is to be sent later, or more than once, rests as a *job* in a queue of the broker's own, due when it is
 * to be sent next. It is the message itself but for what a queue would act on; that, and what is done with it when it is
 * due, stand in its first header as JSON: a job is stored and read like any message.
 */
interface Plan {
  readonly version: 1;
  /** How it is sent, as it was decided when the client did: the operation without its message. */
  readonly sending: Omit<Enqueue, 'message' | 'once'> | Omit<Publish, 'message' | 'once'>;
  /** Undefined: it is sent once, as it is. */
  readonly schedule?: Schedule;
  readonly expiresAt: number;
  readonly group: string;
  readonly lastValue: string;
}

/** Stands before the sender's own headers. */
const PLAN_HEADER = 'stompede-plan';

/** Firings that could not happen in time, since no node was there, are made up for if they are not older than this. */
const MAX_LATE_MS = 60 * 60 * 1000;

/** A job that this release cannot read. */
export class JobError extends Error {
  override readonly name = 'JobError';
}

/**
 * The operation as it is carried out now: itself, or one that makes a job of it. A queue holds a delayed message back by
 * itself; everything else that has to wait, or comes again, is a job.
 */
export function asScheduled(operation: Operation, schedule: Schedule | undefined, now: number): Operation {
  if (operation.kind !== 'enqueue' && operation.kind !== 'publish') return operation;
  const { message, once, ...sending } = operation;
  if (!schedule && (message.dueAt <= now || operation.kind === 'enqueue')) return operation;
  const plan: Plan = { version: 1, sending, ...(schedule && { schedule }), expiresAt: message.expiresAt, group: message.group, lastValue: message.lastValue };
  return { kind: 'enqueue', queue: SCHEDULE_QUEUE, message: withPlan(message, plan, firstDueAt(message, schedule, now)), ...(once && { once }) };
}

/** As ActiveMQ: a series without a delay begins after a period. */
function firstDueAt({ dueAt }: Message, schedule: Schedule | undefined, now: number): number {
  if (!schedule) return dueAt;
  if (schedule.cron !== '') return nextMoment(schedule.cron, now);
  return dueAt > now ? dueAt : now + schedule.periodMs;
}

/**
 * What happens when a job is due: what it sends, and the jobs that it leaves behind. `name` tells this firing from all
 * others of the job. Throws a `JobError`.
 */
export function fire(job: Message, name: string, now: number): Sending[] {
  const plan = planOf(job);
  const { schedule } = plan;
  const { dueAt } = job;
  if (!schedule) return plan.expiresAt !== 0 && plan.expiresAt <= now ? [] : [delayed(job, plan)];
  if (schedule.cron === '') return [copyOf(job, plan, name, now), ...later(job, plan, schedule, Math.max(dueAt, now - MAX_LATE_MS))];

  const series: Schedule = { ...schedule, cron: '', delayMs: 0 };
  const moment = nextMoment(schedule.cron, Math.max(dueAt, now - MAX_LATE_MS));
  const next = moment === Infinity ? [] : [enqueueJob(withPlan(job, plan, moment))];
  if (schedule.delayMs > 0) return [enqueueJob(withPlan(job, { ...plan, schedule: series }, dueAt + schedule.delayMs)), ...next];
  return [copyOf(job, plan, name, now), ...later(job, plan, series, dueAt), ...next];
}

/** What is left of a series. */
function later(job: Message, plan: Plan, series: Schedule, dueAt: number): Sending[] {
  const { repeats, periodMs } = series;
  if (repeats === 0) return [];
  const left = repeats === ENDLESS ? ENDLESS : repeats - 1;
  return [enqueueJob(withPlan(job, { ...plan, schedule: { ...series, repeats: left } }, dueAt + periodMs))];
}

const delayed = (job: Message, plan: Plan): Sending =>
  sendingOf(job, plan, { id: job.id, timestamp: job.timestamp, expiresAt: plan.expiresAt, extra: [] });

/** One of many: its life begins when it is sent, as in ActiveMQ. */
function copyOf(job: Message, plan: Plan, name: string, now: number): Sending {
  const expiresAt = plan.expiresAt === 0 ? 0 : now + Math.max(1, plan.expiresAt - job.timestamp);
  return sendingOf(job, plan, { id: `${job.id}.${name}`, timestamp: now, expiresAt, extra: [HEADER.scheduledJobId, job.id] });
}

interface Own {
  readonly id: string;
  readonly timestamp: number;
  readonly expiresAt: number;
  readonly extra: readonly string[];
}

function sendingOf(job: Message, { sending, group, lastValue }: Plan, { id, timestamp, expiresAt, extra }: Own): Sending {
  const headers = [...job.headers.slice(2), ...extra];
  return { ...sending, message: { ...job, id, headers, timestamp, expiresAt, dueAt: 0, group, lastValue } };
}

const enqueueJob = (message: Message): Sending => ({ kind: 'enqueue', queue: SCHEDULE_QUEUE, message });

/** `job`: the message as it came, or a job of it. Nothing that a queue acts on is left but when it is due. */
function withPlan(job: Message, plan: Plan, dueAt: number): Message {
  const own = job.headers[0] === PLAN_HEADER ? job.headers.slice(2) : job.headers;
  return { ...job, headers: [PLAN_HEADER, JSON.stringify(plan), ...own], dueAt, expiresAt: 0, group: '', lastValue: '' };
}

function planOf({ headers, id }: Message): Plan {
  const plan = headers[0] === PLAN_HEADER ? fromJson(headers[1] ?? '') : undefined;
  if (plan?.version === 1) return plan;
  throw new JobError(`expected a job of version 1, got ${plan?.version ?? 'none'} in ${id}; a later release wrote it?`);
}

function fromJson(text: string): Plan | undefined {
  try {
    return JSON.parse(text) as Plan;
  } catch {
    return undefined;
  }
}

function nextMoment(cron: string, after: number): number {
  const expression = parseCron(cron);
  if (typeof expression === 'string') throw new JobError(`expected ${expression}, got '${cron}'`);
  return expression.nextAfter(after);
}
