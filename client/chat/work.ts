import type { Work } from './job.ts';

/** The state of the queue pane: what this page sent, and what its worker has in hand. */
export interface WorkState {
  readonly sent: readonly SentWork[];
  readonly sentCount: number;
  readonly storedCount: number;
  readonly worker: WorkerState;
  /** `alone`: the page works by itself; otherwise a person presses the buttons. */
  readonly worksAlone: boolean;
  readonly inHand: readonly Job[];
  /** The newest first. */
  readonly finished: readonly Job[];
  readonly finishedCount: number;
  /** The last thing that happened, for the status line. */
  readonly news: string;
}

/** `starting` until the broker confirms the subscription, `parted` while the connection is lost, `refused` by the broker. */
export type WorkerState = 'off' | 'starting' | 'on' | 'parted' | 'refused';

export interface SentWork extends Work {
  readonly delivery: WorkDelivery;
  readonly reason?: string;
}

/** `unconfirmed`: the connection went between the work and its receipt, so it may or may not be stored. */
export type WorkDelivery = 'waiting' | 'sending' | 'stored' | 'unconfirmed' | 'failed';

/** A delivery in the worker's hand. */
export interface Job extends Work {
  /** Names the delivery, not the message: the same work comes back under another key. */
  readonly key: string;
  readonly arrivedAt: number;
  /** 1 = the first delivery. */
  readonly attempt: number;
  readonly isRedelivered: boolean;
  /** The answer is on its way to the broker. */
  readonly isSettling: boolean;
}

export type WorkEvent =
  | { readonly kind: 'sending'; readonly work: Work }
  | { readonly kind: 'moved'; readonly id: string; readonly delivery: WorkDelivery; readonly reason?: string }
  | { readonly kind: 'worker'; readonly worker: WorkerState; readonly reason?: string }
  | { readonly kind: 'manner'; readonly worksAlone: boolean }
  | { readonly kind: 'arrived'; readonly job: Job }
  | { readonly kind: 'settling'; readonly key: string }
  | { readonly kind: 'finished'; readonly key: string }
  | { readonly kind: 'returned'; readonly key: string }
  /** The answer did not reach the broker; the delivery is still in hand. */
  | { readonly kind: 'unsettled'; readonly key: string; readonly reason: string };

export const MAX_SENT = 100;
export const MAX_FINISHED = 20;

export const NO_WORK: WorkState = Object.freeze({
  sent: [],
  sentCount: 0,
  storedCount: 0,
  worker: 'off',
  worksAlone: false,
  inHand: [],
  finished: [],
  finishedCount: 0,
  news: '',
});

export function reduceWork(state: WorkState, event: WorkEvent): WorkState {
  switch (event.kind) {
    case 'sending':
      return {
        ...state,
        sent: [...state.sent, { ...event.work, delivery: 'waiting' as const }].slice(-MAX_SENT),
        sentCount: state.sentCount + 1,
      };
    case 'moved':
      return moveSent(state, event);
    case 'worker':
      return changeWorker(state, event);
    case 'manner':
      return { ...state, worksAlone: event.worksAlone };
    case 'arrived':
      return { ...state, inHand: [...state.inHand, event.job], news: arrivalText(event.job) };
    case 'settling':
      return changeJob(state, event.key, { isSettling: true });
    case 'unsettled':
      return { ...changeJob(state, event.key, { isSettling: false }), news: `The broker did not take the answer: ${event.reason}` };
    case 'finished': {
      const job = state.inHand.find((known) => known.key === event.key);
      if (job === undefined) return state;
      return {
        ...dropJob(state, event.key),
        finished: [job, ...state.finished].slice(0, MAX_FINISHED),
        finishedCount: state.finishedCount + 1,
        news: `Done: ${job.title}`,
      };
    }
    case 'returned': {
      const job = state.inHand.find((known) => known.key === event.key);
      return job === undefined ? state : { ...dropJob(state, event.key), news: `Returned to the queue: ${job.title}` };
    }
  }
}

/** What waits for a connection to go out, oldest first. */
export function waitingWork(state: WorkState): SentWork[] {
  return state.sent.filter((work) => work.delivery === 'waiting');
}

function moveSent(state: WorkState, event: Extract<WorkEvent, { kind: 'moved' }>): WorkState {
  const index = state.sent.findIndex((work) => work.id === event.id);
  const work = state.sent[index];
  if (work === undefined || work.delivery === event.delivery) return state;
  const moved: SentWork = { ...work, delivery: event.delivery, ...(event.reason === undefined ? {} : { reason: event.reason }) };
  const isStored = event.delivery === 'stored';
  return {
    ...state,
    sent: state.sent.with(index, moved),
    storedCount: state.storedCount + (isStored ? 1 : 0),
    news: isStored ? `Stored: ${work.title}` : state.news,
  };
}

/** A worker that goes, or is parted from the broker, has nothing in hand any more: the broker gives it out again. */
function changeWorker(state: WorkState, { worker, reason }: Extract<WorkEvent, { kind: 'worker' }>): WorkState {
  if (worker === state.worker) return state;
  if (worker === 'on' || worker === 'starting') return { ...state, worker, news: worker === 'on' ? 'The worker is on.' : state.news };
  const count = state.inHand.length;
  const back = count === 0 ? '' : ` ${count === 1 ? 'One job goes' : `${count} jobs go`} back to the queue.`;
  return { ...state, worker, inHand: [], news: `${workerNews(worker, reason)}${back}` };
}

function workerNews(worker: WorkerState, reason: string | undefined): string {
  if (worker === 'parted') return 'The worker lost its connection.';
  if (worker === 'refused') return `The broker refused the worker: ${reason ?? 'no reason given'}.`;
  return 'The worker is off.';
}

function changeJob(state: WorkState, key: string, change: Partial<Job>): WorkState {
  const index = state.inHand.findIndex((job) => job.key === key);
  const job = state.inHand[index];
  return job === undefined ? state : { ...state, inHand: state.inHand.with(index, { ...job, ...change }) };
}

function dropJob(state: WorkState, key: string): WorkState {
  return { ...state, inHand: state.inHand.filter((job) => job.key !== key) };
}

function arrivalText(job: Job): string {
  return job.isRedelivered ? `Arrived again, delivery ${job.attempt}: ${job.title}` : `Arrived: ${job.title}`;
}
