import { State } from '../state/state.ts';
import { BATCH, useBytes } from './batch-format.ts';
import { BatchWriter } from './batch-writer.ts';
import { ClaimMarks, type LeftBehind } from './claim-marks.ts';
import { Compactor } from './compactor.ts';
import { isFull, type Disk } from './disk.ts';
import { DiskRoom } from './disk-room.ts';
import { DirectoryLock } from './directory-lock.ts';
import { forgetMessage } from './drop-queue-job.ts';
import { DurableRecords } from './durable-records.ts';
import { GroupCommit } from './group-commit.ts';
import { Journal } from './journal/journal.ts';
import { storeOptions, type EmbeddedEngineOptions } from './options.ts';
import { PlaceReader } from './journal/place-reader.ts';
import { Recovery, recoverHeld, suspectAll } from './recovery.ts';
import { placeOf, ResidentMessages, type Stored } from './resident-messages.ts';
import { openSegments } from './journal/segment-store.ts';

/** Everything that keeps queues and topic logs on a disk, opened and recovered. */
export interface Store {
  readonly state: State<Stored>;
  readonly journal: Journal;
  readonly marks: ClaimMarks;
  readonly room: DiskRoom;
  readonly residents: ResidentMessages;
  readonly reader: PlaceReader;
  readonly commits: GroupCommit;
  readonly records: DurableRecords;
  /** Finishes what waits, leaves the directory as the next process wants to find it, and lets go of it. */
  close(): Promise<void>;
}

export interface StoreEvents {
  /** There is room for new messages again, or no longer. */
  onRoom(isOpen: boolean): void;
  onFatal(error: Error): void;
}

/**
 * Opens the store of a directory: takes the lock, reads the journal, counts what the last process had in flight, and
 * only then begins to note claims anew. Rejects with a sentence for the operator, and then holds nothing.
 */
export async function openStore(
  options: EmbeddedEngineOptions,
  disk: Disk,
  boot: string,
  events: StoreEvents,
): Promise<Store> {
  const opened: (() => Promise<void>)[] = [];
  try {
    return await open(options, disk, boot, events, opened);
  } catch (error) {
    await inTurn(opened.reverse());
    throw error;
  }
}

async function open(
  given: EmbeddedEngineOptions,
  disk: Disk,
  boot: string,
  events: StoreEvents,
  opened: (() => Promise<void>)[],
): Promise<Store> {
  const { directory } = given;
  await disk.list(directory);
  const lock = await DirectoryLock.acquire(directory);
  opened.push(() => lock.release());
  const options = storeOptions(given, await disk.room(directory));

  const state = new State<Stored>();
  const recovery = new Recovery(state);
  const segments = await openSegments(disk, directory, (...record) => recovery.read(...record));
  recovery.finish();
  const journal = new Journal(disk, directory, options.segmentBytes, segments);
  opened.push(() => journal.close());

  const { marks, left } = await ClaimMarks.open(disk, directory, boot, () => heldSeqs(state));
  opened.push(() => marks.abandon());
  const onRoom = (isOpen: boolean): void => {
    events.onRoom(isOpen);
    commits.wake();
  };
  const room = new DiskRoom(disk, directory, options, onRoom, (error) => commits.fail(error));
  const residents = new ResidentMessages(options.memoryBytes);
  state.logs.onForget = (entry) => forgetMessage({ journal, residents }, entry);
  state.repeats.onForget = ({ key, note }) => {
    if (note !== undefined) journal.count(placeOf(note)!, -useBytes(key));
  };
  state.durables.onForget = (kept) => forgetMessage({ journal, residents }, kept);
  const records = new DurableRecords(journal, state, recovery.recordPlaces);
  const reader = new PlaceReader(journal);
  const compactor = new Compactor(
    journal,
    state,
    records,
    residents,
    room,
    options.segmentBytes,
    () => commits.wake(),
    (error) => commits.fail(error),
  );
  const commits = new GroupCommit(journal, room, compactor, () => state.lastSeq, events.onFatal);
  await withRoom(room, () => writeLeftBehind(journal, state, left, recovery));
  await withRoom(room, () => marks.begin(disk, directory));
  await room.start();
  const close = (): Promise<void> =>
    inTurn([
      () => compactor.close(),
      () => commits.close(),
      () => reader.idle(),
      () => room.close(),
      () => (commits.hasFailed ? marks.abandon() : marks.close()),
      () => journal.close(),
      () => lock.release(),
    ]);
  return { state, journal, marks, room, residents, reader, commits, records, close };
}

/** Counts what was in flight, and drops what must not come back, durably, before anybody can claim it again. */
async function writeLeftBehind(journal: Journal, state: State<Stored>, left: LeftBehind, { replaced }: Recovery): Promise<void> {
  const batch = new BatchWriter();
  batch.begin(state.lastSeq);
  for (const { queue, seq } of replaced) batch.drop(queue, seq);
  if (left === 'unknown') {
    suspectAll(state);
    if (state.lastSeq > 0) batch.suspectAll();
  } else {
    for (const { queue, entry } of recoverHeld(state, left))
      batch.count(queue, entry.seq, entry.failures, entry.recoveries);
  }
  if (!batch.isEmpty && (await journal.append(batch.finish(BATCH))) === 'full') throw noRoom();
}

/** Does it once more without the ballast if there is no room. */
async function withRoom(room: DiskRoom, task: () => Promise<void>): Promise<void> {
  try {
    await task();
  } catch (error) {
    if (!isFull(error)) throw error;
    await room.spend();
    await task();
  }
}

function noRoom(): Error {
  return Object.assign(new Error('The volume is full: expected room for a few kilobytes to start with.'), {
    code: 'ENOSPC',
  });
}

function* heldSeqs(state: State<Stored>): Iterable<number> {
  for (const queue of state.known()) if (!queue.temporary) yield* queue.held.keys();
}

/** Takes every step, whatever becomes of those before; then rejects with the first error. */
async function inTurn(steps: readonly (() => Promise<void>)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const step of steps) await step().catch((error: unknown) => errors.push(error));
  if (errors.length > 0) throw errors[0];
}
