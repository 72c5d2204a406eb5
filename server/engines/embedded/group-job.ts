import type { Chain, Failure, Outcome } from '../../broker/engine.ts';
import type { Announcer } from '../state/announcer.ts';
import { kindOf, type Effect, type StagedGroup } from '../state/effect.ts';
import { isVoid } from '../state/repeats.ts';
import { useBytes } from './batch-format.ts';
import type { BatchWriter } from './batch-writer.ts';
import type { Job } from './job.ts';
import type { Place } from './journal/place.ts';
import { journalBytes, placeOf, type Stored } from './resident-messages.ts';
import type { Store } from './store.ts';

/** A staged group on its way to the disk. */
export class GroupJob implements Job {
  readonly bytes: number;
  readonly grows: boolean;
  readonly chain: Chain | undefined;
  readonly #store: Store;
  readonly #announcer: Announcer;
  readonly #staged: StagedGroup<Stored>;
  readonly #resolve: (outcome: Outcome) => void;
  /** Where in the record its messages stand, in their order. */
  readonly #puts: number[] = [];
  /** The same for those that go into topic logs, with their offsets there. */
  readonly #logged: { readonly offset: number; readonly at: number }[] = [];
  /** The same for the keys it uses. */
  #used: readonly number[] = [];

  constructor(
    store: Store,
    announcer: Announcer,
    staged: StagedGroup<Stored>,
    size: { readonly bytes: number; readonly grows: boolean },
    chain: Chain | undefined,
    resolve: (outcome: Outcome) => void,
  ) {
    this.bytes = size.bytes;
    this.grows = size.grows;
    this.#store = store;
    this.#announcer = announcer;
    this.#staged = staged;
    this.chain = chain;
    this.#resolve = resolve;
  }

  get isVoid(): boolean {
    const { once } = this.#staged;
    return once !== undefined && isVoid(once);
  }

  write(batch: BatchWriter): void {
    this.#puts.length = 0;
    this.#logged.length = 0;
    for (const effect of this.#staged.effects) {
      const { queue, entry } = effect;
      if (queue.temporary) continue;
      if (effect.kind === 'put') this.#puts.push(batch.put(queue.name, entry, effect.message));
      else if (kindOf(effect) === 'drop') batch.drop(queue.name, entry.seq);
      else if (effect.kind === 'return') {
        if (changesCounters(effect)) batch.count(queue.name, entry.seq, effect.failures, effect.recoveries);
        if (effect.dueAt !== 0) batch.postpone(queue.name, entry.seq, effect.dueAt);
      }
    }
    for (const { logged, message } of this.#staged.publications) if (logged) this.#logged.push(batch.logPut(logged, message));
    const { once } = this.#staged;
    if (once) this.#used = once.keys.map(({ key, expiresAt }) => batch.use(key, expiresAt));
  }

  committed(record: Place): void {
    const { state, marks } = this.#store;
    this.#keepPlaces(record);
    this.#announcer.add(state.commit(this.#staged));
    this.#checkOffsets();
    const returned = this.#staged.effects.filter(({ kind, queue }) => kind === 'return' && !queue.temporary);
    if (returned.length > 0) marks.returned(returned.map(({ entry }) => entry.seq));
    this.#resolve({ ok: true, missed: this.#staged.missed, repeats: this.#staged.once?.repeats ?? 0 });
  }

  refused(failure: Failure): void {
    if (this.chain) this.chain.broken = true;
    this.#store.state.undo(this.#staged);
    this.#resolve({ ok: false, failure });
  }

  #keepPlaces(record: Place): void {
    const { journal, residents } = this.#store;
    let next = 0;
    for (const effect of this.#staged.effects) {
      const { queue, entry } = effect;
      if (queue.temporary || kindOf(effect) === 'return') continue;
      const place = effect.kind === 'put' ? record + this.#puts[next++]! : placeOf(entry.content);
      // What a removed queue held was counted off when it was removed.
      if (queue.isDropped || place === undefined) continue;
      const bytes = journalBytes(entry);
      journal.count(place, effect.kind === 'put' ? bytes : -bytes);
      if (effect.kind === 'put') residents.keep(entry, place, effect.message);
      else residents.forget(entry);
    }
    let logged = 0;
    for (const publication of this.#staged.publications) {
      if (!publication.logged) continue;
      const { entry } = publication.logged;
      const place = record + this.#logged[logged++]!.at;
      journal.count(place, journalBytes(entry));
      residents.keep(entry, place, publication.message);
    }
    for (const [i, used] of (this.#staged.once?.keys ?? []).entries()) {
      used.note = record + this.#used[i]!;
      journal.count(used.note, useBytes(used.key));
    }
  }

  /** What was written is what counts after a restart. */
  #checkOffsets(): void {
    let next = 0;
    for (const { logged, topic } of this.#staged.publications) {
      if (!logged) continue;
      const { offset } = this.#logged[next++]!;
      if (logged.entry.offset !== offset) throw new Error(`expected offset ${offset} in the log of ${topic}, got ${logged.entry.offset}`);
    }
  }
}

function changesCounters(effect: Effect<Stored> & { readonly kind: 'return' }): boolean {
  return effect.failures !== effect.entry.failures || effect.recoveries !== effect.entry.recoveries;
}
