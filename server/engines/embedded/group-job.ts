import type { Chain, Failure, Outcome } from '../../broker/engine.ts';
import type { Message } from '../../broker/message.ts';
import type { Announcer } from '../state/announcer.ts';
import { kindOf, type Effect, type StagedGroup } from '../state/effect.ts';
import { isVoid } from '../state/repeats.ts';
import { useBytes } from './batch-format.ts';
import type { BatchWriter } from './batch-writer.ts';
import type { Job } from './job.ts';
import type { Place } from './journal/place.ts';
import { journalBytes, placeOf, type Holder, type Stored } from './resident-messages.ts';
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
  /** The same for those that are kept for durable subscriptions. */
  readonly #kept: { readonly offset: number; readonly at: number }[] = [];

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
    this.#kept.length = 0;
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
    const { once } = this.#staged;
    if (once) this.#used = once.keys.map(({ key, expiresAt }) => batch.use(key, expiresAt));
    for (const { logged, kept, message } of this.#staged.publications) {
      if (logged) this.#logged.push(batch.logPut(logged, message));
      for (const each of kept ?? []) this.#kept.push(batch.keptPut(each, message));
    }
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
    const { journal, residents, state } = this.#store;
    let next = 0;
    for (const effect of this.#staged.effects) {
      const { queue, entry } = effect;
      // What a durable subscription took out of a log is the log's to let go of.
      if (queue.temporary || kindOf(effect) === 'return' || entry.holder !== entry) continue;
      const place = effect.kind === 'put' ? record + this.#puts[next++]! : placeOf(entry.content);
      // What a removed queue held was counted off when it was removed.
      if (queue.isDropped || place === undefined) continue;
      const bytes = journalBytes(entry);
      journal.count(place, effect.kind === 'put' ? bytes : -bytes);
      if (effect.kind === 'put') residents.keep(entry, place, effect.message);
      else residents.forget(entry);
    }
    const keep = (holder: Holder, at: number, message: Message): void => {
      journal.count(record + at, journalBytes(holder));
      residents.keep(holder, record + at, message);
    };
    let [logged, kept] = [0, 0];
    for (const publication of this.#staged.publications) {
      if (publication.logged) keep(publication.logged.entry, this.#logged[logged++]!.at, publication.message);
      for (const each of publication.kept ?? []) {
        const { at } = this.#kept[kept++]!;
        if (state.durables.isWanted(each)) keep(each.kept, at, publication.message);
      }
    }
    for (const [i, used] of (this.#staged.once?.keys ?? []).entries()) {
      used.note = record + this.#used[i]!;
      journal.count(used.note, useBytes(used.key));
    }
  }

  /** What was written is what counts after a restart. */
  #checkOffsets(): void {
    const check = (log: string, { offset }: { readonly offset: number }, written: { readonly offset: number }): void => {
      if (offset !== written.offset) throw new Error(`expected offset ${written.offset} in the log of ${log}, got ${offset}`);
    };
    let [nextLogged, nextKept] = [0, 0];
    for (const { logged, kept, topic } of this.#staged.publications) {
      if (logged) check(topic, logged.entry, this.#logged[nextLogged++]!);
      for (const each of kept ?? []) {
        const written = this.#kept[nextKept++]!;
        if (each.kept.offset > 0) check(each.log.pattern, each.kept, written);
      }
    }
  }
}

function changesCounters(effect: Effect<Stored> & { readonly kind: 'return' }): boolean {
  return effect.failures !== effect.entry.failures || effect.recoveries !== effect.entry.recoveries;
}
