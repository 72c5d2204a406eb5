import { MAX_TITLE_LENGTH, suggestTitle } from '../job.ts';
import type { Job, SentWork, WorkState } from '../work.ts';
import { byId, setText, unseen } from './element.ts';
import { createFinished, createJob, createSent, updateJob, updateSent } from './job-item.ts';
import { KeyedList } from './keyed-list.ts';

export interface WorkActions {
  post(title: string): void;
  postAgain(id: string): void;
  setWorker(isOn: boolean): void;
  setManner(worksAlone: boolean): void;
  settle(key: string, verdict: 'ack' | 'nack'): void;
}

/** The queue pane: work sent, the worker's switch, and the jobs it has in hand. */
export class WorkPane {
  readonly #input = byId('work-input', HTMLInputElement);
  readonly #switch = byId('worker-switch', HTMLButtonElement);
  readonly #workerState = byId('worker-state', HTMLElement);
  readonly #sentTally = byId('sent-tally', HTMLElement);
  readonly #handTally = byId('hand-tally', HTMLElement);
  readonly #emptyHand = byId('empty-hand', HTMLElement);
  readonly #news = byId('work-news', HTMLElement);
  readonly #badge = byId('work-badge', HTMLElement);
  readonly #finishedTitle = byId('finished-title', HTMLElement);
  readonly #sent: KeyedList<SentWork>;
  readonly #hand: KeyedList<Job>;
  readonly #finished: KeyedList<Job>;
  #state: WorkState | undefined;

  constructor(actions: WorkActions) {
    const again = (id: string): void => actions.postAgain(id);
    this.#sent = new KeyedList(byId('sent-list', HTMLElement), {
      keyOf: (work) => work.id,
      create: (work) => createSent(work, again),
      update: (item, work) => updateSent(item, work, again),
      isSame: (before, after) => before === after,
    });
    const settle = (key: string, verdict: 'ack' | 'nack'): void => actions.settle(key, verdict);
    this.#hand = new KeyedList(byId('hand-list', HTMLElement), {
      keyOf: (job) => job.key,
      create: (job) => createJob(job, { settle }),
      update: updateJob,
      isSame: (before, after) => before === after,
    });
    this.#finished = new KeyedList(byId('finished-list', HTMLElement), {
      keyOf: (job) => job.key,
      create: createFinished,
      update: () => undefined,
      isSame: () => true,
    });
    this.#listen(actions);
  }

  show(state: WorkState): void {
    const before = this.#state;
    this.#state = state;
    const focused = before?.inHand.findIndex((job) => this.#hand.elementOf(job.key)?.contains(document.activeElement)) ?? -1;
    this.#sent.show(state.sent.toReversed());
    this.#hand.show(state.inHand);
    this.#finished.show(state.finished);
    if (focused !== -1) this.#refocus(focused);
    this.#showWorker(state);
    this.#input.placeholder = suggestTitle(state.sentCount);
    setText(this.#sentTally, state.sentCount === 0 ? 'Nothing sent from here yet.' : `${state.storedCount} of ${state.sentCount} stored by the broker`);
    setText(this.#news, state.news);
    this.#badge.hidden = state.inHand.length === 0;
    if (state.inHand.length > 0) this.#badge.replaceChildren(String(state.inHand.length), unseen(' in hand'));
  }

  focus(): void {
    this.#input.focus();
  }

  #listen(actions: WorkActions): void {
    byId('work-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      actions.post(this.#input.value.trim().slice(0, MAX_TITLE_LENGTH));
      this.#input.value = '';
    });
    byId('work-five', HTMLButtonElement).addEventListener('click', () => {
      for (let count = 0; count < 5; count++) actions.post('');
    });
    this.#switch.addEventListener('click', () => actions.setWorker(this.#switch.getAttribute('aria-checked') !== 'true'));
    for (const radio of document.querySelectorAll<HTMLInputElement>('input[name=manner]')) {
      radio.addEventListener('change', () => actions.setManner(radio.checked === (radio.value === 'alone')));
    }
  }

  #showWorker(state: WorkState): void {
    const isOn = state.worker !== 'off' && state.worker !== 'refused';
    this.#switch.setAttribute('aria-checked', String(isOn));
    this.#workerState.dataset['worker'] = state.worker;
    setText(this.#workerState, WORKER_WORDS[state.worker]);
    const hasBegun = state.finishedCount > 0 || state.inHand.length > 0;
    setText(this.#handTally, hasBegun ? `${state.inHand.length} in hand, ${state.finishedCount} done` : '');
    setText(this.#emptyHand, state.inHand.length > 0 ? '' : emptyText(state));
    this.#finishedTitle.hidden = state.finished.length === 0;
  }

  /** A settled job takes its buttons along: the focus goes to the job that now stands in its place, or to the heading. */
  #refocus(index: number): void {
    if (document.activeElement !== document.body) return;
    const jobs = this.#state?.inHand ?? [];
    const next = jobs[Math.min(index, jobs.length - 1)];
    const target = next ? this.#hand.elementOf(next.key)?.querySelector('button') : byId('worker-title', HTMLElement);
    target?.focus();
  }
}

const WORKER_WORDS: Record<WorkState['worker'], string> = {
  off: 'Off',
  starting: 'Starting',
  on: 'On',
  parted: 'Waiting for the connection',
  refused: 'Refused',
};

function emptyText(state: WorkState): string {
  switch (state.worker) {
    case 'off':
      return 'The worker is away. Work that is sent now stays in the queue.';
    case 'on':
      return 'Nothing to do. The next job shows up here.';
    case 'starting':
      return 'Starting …';
    case 'parted':
      return 'What was in hand is back in the queue and will come again, marked as redelivered.';
    case 'refused':
      return state.news;
  }
}
