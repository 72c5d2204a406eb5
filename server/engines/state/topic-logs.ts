import type { LogBounds, LogPosition } from '../../broker/engine.ts';
import { messageBytes, type Message } from '../../broker/message.ts';
import { randomId } from '../../lib/ids.ts';
import { Logged, TopicLog, type Contents, type Page } from './topic-log.ts';
import { TopicLogsRestore } from './topic-logs-restore.ts';

/** A message that is staged to be put into a log. */
export interface StagedLogged<Stored> {
  readonly log: TopicLog<Stored>;
  readonly entry: Logged<Stored>;
  readonly bounds: LogBounds;
}

/** An empty log is forgotten, with its numbering, when it has been empty for this long, in ms. */
const KEEP_NUMBERING_MS = 24 * 60 * 60 * 1000;
/** Logs looked after with each message that is put in: so none is left alone for long, and nobody pays for all. */
const LOOKED_AFTER = 2;

/**
 * The logs by topic. One comes into being with the first message that is to be kept; one whose messages are all long too
 * old is forgotten, so that memory does not grow with topics used once.
 */
export class TopicLogs<Stored = never> {
  /** Told of each entry that is forgotten; an engine may have to let go of what stands for it. */
  onForget: (entry: Logged<Stored>) => void = () => {};
  readonly #clock: () => number;
  readonly #logs = new Map<string, TopicLog<Stored>>();
  /** Brings the logs back at start-up. */
  readonly restore = new TopicLogsRestore<Stored>(this);
  #bytes = 0;
  #round: Iterator<TopicLog<Stored>> = this.#logs.values();

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Octets of all messages in logs. */
  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#logs.size;
  }

  get(topic: string): TopicLog<Stored> | undefined {
    return this.#logs.get(topic);
  }

  stage(topic: string, message: Message, bounds: LogBounds): StagedLogged<Stored> {
    let log = this.#logs.get(topic);
    if (!log) this.#logs.set(topic, (log = new TopicLog(topic, randomId(), bounds, this.#forgotten)));
    log.pins++;
    return { log, bounds, entry: new Logged<Stored>(this.#clock(), messageBytes(message), message) };
  }

  commit({ log, entry, bounds }: StagedLogged<Stored>): LogPosition {
    log.pins--;
    this.#bytes += entry.bytes;
    const position = log.put(entry, bounds);
    this.lookAfterSome();
    return position;
  }

  undo({ log }: StagedLogged<Stored>): void {
    log.pins--;
    this.#retire(log);
  }

  read(topic: string, after: LogPosition | undefined, limit: number): Page<Stored> {
    const log = this.#logs.get(topic);
    if (!log || log.last === 0) return { epoch: '', last: 0, entries: [], isComplete: after === undefined };
    return log.read(after, limit, this.#clock());
  }

  /** A log as it was before a restart; the numbering goes on. */
  adopt(topic: string, epoch: string, contents: Contents<Stored>): void {
    const log = new TopicLog(topic, epoch, contents.bounds, this.#forgotten);
    log.restore(contents);
    for (const { bytes } of contents.entries) this.#bytes += bytes;
    this.#logs.set(topic, log);
    log.trim(this.#clock());
    this.#retire(log);
  }

  readonly #forgotten = (entry: Logged<Stored>): void => {
    this.#bytes -= entry.bytes;
    this.onForget(entry);
  };

  /** Forgets what is too old in a few logs, others each time. To be called as well where something finds no room. */
  lookAfterSome(): void {
    for (let each = 0; each < LOOKED_AFTER; each++) {
      const next = this.#round.next();
      if (next.done) {
        this.#round = this.#logs.values();
        return;
      }
      next.value.trim(this.#clock());
      this.#retire(next.value);
    }
  }

  #retire(log: TopicLog<Stored>): void {
    if (log.pins > 0 || !(log.last === 0 || log.isPast(this.#clock(), KEEP_NUMBERING_MS))) return;
    log.clear();
    this.#logs.delete(log.topic);
  }
}
