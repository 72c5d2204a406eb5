import path from 'node:path';
import { randomBytes } from 'node:crypto';
import { isFull, writeAll, type Disk } from './disk.ts';

export interface DiskRoomOptions {
  /** Octets kept in a file of no use, to be given up so that the end of a message can always be written down. */
  readonly ballastBytes: number;
  /** No new messages when fewer octets than this are free. */
  readonly reserveBytes: number;
  /** How often to look, in ms, while there is something to look for. */
  readonly checkMs: number;
}

/**
 * Knows whether the disk has room for new messages.
 *
 *     open  --little is free-->  low  --a write found no room-->  spent
 *       ^                         |                                 |
 *       +----- enough is free ----+------- and the ballast is back -+
 *
 * *Open* takes everything. *Low* refuses new messages before the disk does. *Spent* gave up the ballast, so that
 * settling, which also writes, goes on and makes room. A look costs little, so it looks now and then, and early when
 * much was written.
 */
export class DiskRoom {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #options: DiskRoomOptions;
  readonly #onChange: (isOpen: boolean) => void;
  readonly #onError: (error: unknown) => void;
  #state: 'open' | 'low' | 'spent' = 'low';
  /** Octets since the last look. */
  #written = 0;
  #busy: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    disk: Disk,
    directory: string,
    options: DiskRoomOptions,
    onChange: (isOpen: boolean) => void,
    onError: (error: unknown) => void,
  ) {
    this.#disk = disk;
    this.#directory = directory;
    this.#options = options;
    this.#onChange = onChange;
    this.#onError = onError;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get isSpent(): boolean {
    return this.#state === 'spent';
  }

  async start(): Promise<void> {
    if (!(await this.#hasBallast())) this.#state = 'spent';
    await this.check();
    this.#timer = setInterval(() => {
      if (!this.isOpen || this.#written > 0) this.#checkSoon();
    }, this.#options.checkMs);
    this.#timer.unref();
  }

  wrote(bytes: number): void {
    this.#written += bytes;
    if (this.isOpen && this.#written > this.#options.reserveBytes / 4) this.#checkSoon();
  }

  /**
   * A write found no room: gives up the ballast, if it is still there. Its file becomes what `take` makes of it, so that
   * no other process gets its room; without `take` it is removed.
   */
  async spend(take = (file: string): Promise<void> => this.#disk.remove(file)): Promise<void> {
    while (this.#busy) await this.#busy;
    const had = this.#state !== 'spent';
    this.#set('spent');
    if (had) await this.#alone(this.#giveUp(take));
  }

  /** Looks at the disk, unless somebody is doing so. */
  check(): Promise<void> {
    return this.#busy ?? this.#alone(this.#check());
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#busy;
  }

  #checkSoon(): void {
    this.check().catch(this.#onError);
  }

  #alone(task: Promise<void>): Promise<void> {
    this.#busy = task.finally(() => {
      this.#busy = undefined;
    });
    return this.#busy;
  }

  async #check(): Promise<void> {
    this.#written = 0;
    const { ballastBytes, reserveBytes } = this.#options;
    const margin = Math.max(MARGIN_BYTES, ballastBytes / 4);
    const { freeBytes } = await this.#disk.room(this.#directory);
    if (this.#state === 'spent') {
      if (freeBytes >= reserveBytes + ballastBytes + margin && (await this.#takeBallast())) this.#set('open');
    } else if (freeBytes < reserveBytes) this.#set('low');
    else if (freeBytes >= reserveBytes + margin) this.#set('open');
  }

  async #giveUp(take: (file: string) => Promise<void>): Promise<void> {
    // Somebody in search of room may have removed it by hand.
    if (await this.#hasBallast()) await take(this.#ballast);
  }

  async #hasBallast(): Promise<boolean> {
    if (!(await this.#disk.list(this.#directory)).includes(BALLAST)) return false;
    const file = await this.#disk.open(this.#ballast, 'open');
    const size = await file.size();
    await file.close();
    return size === this.#options.ballastBytes;
  }

  /** With octets that no file system can store in less room. False if the disk turned out to be full. */
  async #takeBallast(): Promise<boolean> {
    const file = await this.#disk.open(this.#ballast, 'create');
    try {
      await writeAll(file, randomBytes(this.#options.ballastBytes), 0);
      await file.flush();
      return true;
    } catch (error) {
      if (!isFull(error)) throw error;
      await this.#disk.remove(this.#ballast);
      return false;
    } finally {
      await file.close();
    }
  }

  get #ballast(): string {
    return path.join(this.#directory, BALLAST);
  }

  #set(state: 'open' | 'low' | 'spent'): void {
    const wasOpen = this.isOpen;
    this.#state = state;
    if (this.isOpen !== wasOpen) this.#onChange(this.isOpen);
  }
}

const BALLAST = 'ballast';
/** At least so much between refusing and taking again, so that they do not take turns. */
const MARGIN_BYTES = 64 * 1024;
