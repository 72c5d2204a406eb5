import assert from 'node:assert/strict';

/**
 * What publishers to topics sent, and what each subscription of the cluster saw of it, held against each other at every
 * message:
 *
 * 1. a subscription sees a message once, and those of one connection in the order they were sent;
 * 2. from its RECEIPT on it misses none, unless a gap (`x-gap`) was announced to it between its last message of that
 *    connection before the hole and its first one after it.
 *
 * A message is the name of its connection and a number that the connection counts up. One without a receipt may be there
 * or not, as long as no later one of its connection is.
 */
export class TopicLedger {
  readonly #accounts = new Map<string, Account>();
  readonly #readers: Reader[] = [];
  /** Deliveries, gaps and holes of readers that are gone. */
  readonly #gone: ReturnType<Reader['figures']>[] = [];

  /** A connection that will send its message number n to the topic `topicOf(n)`. */
  publisher(name: string, topicOf: (number: number) => string): Account {
    assert.ok(!this.#accounts.has(name), `connection ${name} is there already`);
    const account = new Account(name, topicOf);
    this.#accounts.set(name, account);
    return account;
  }

  /** A subscription whose SUBSCRIBE was receipted just now; `pattern` as the client wrote it. */
  reader(name: string, pattern: string): Reader {
    const marks = new Map([...this.#accounts.values()].map((account) => [account.name, account.sent]));
    const reader = new Reader(name, pattern, this.#accounts, marks);
    this.#readers.push(reader);
    return reader;
  }

  /** Its UNSUBSCRIBE was sent: what it has not seen by now it may never see. */
  leave(reader: Reader): void {
    this.#readers.splice(this.#readers.indexOf(reader), 1);
    this.#gone.push(reader.figures());
  }

  /** A sentence for each subscription that has not seen all that was receipted, nor was told of a gap since. */
  missing(): string[] {
    return this.#readers.flatMap((reader) => reader.missing());
  }

  /** So many messages were receipted. */
  get receipted(): number {
    let sum = 0;
    for (const { receipted } of this.#accounts.values()) sum += receipted;
    return sum;
  }

  figures() {
    const sum = { delivered: 0, gaps: 0, holes: 0, lost: 0 };
    for (const each of [...this.#gone, ...this.#readers.map((reader) => reader.figures())]) {
      for (const name of ['delivered', 'gaps', 'holes', 'lost'] as const) sum[name] += each[name];
    }
    return { receipted: this.receipted, ...sum };
  }
}

/** What one connection sent. */
export class Account {
  readonly name: string;
  readonly topicOf: (number: number) => string;
  sent = 0;
  receipted = 0;

  constructor(name: string, topicOf: (number: number) => string) {
    this.name = name;
    this.topicOf = topicOf;
  }

  /** The number of the message that is sent now. */
  next(): number {
    return ++this.sent;
  }

  /** Receipts come in order. */
  receipt(number: number): void {
    assert.equal(number, this.receipted + 1, `${this.name}: the receipt after ${this.receipted} is for ${number}`);
    this.receipted = number;
  }
}

/** How far a subscription saw one connection: its last message, and the place of that in all it saw. */
interface Progress {
  last: number;
  at: number;
  /** A first message from before the RECEIPT may be any. */
  hasBegun: boolean;
}

/** What one subscription saw. */
export class Reader {
  readonly name: string;
  readonly pattern: string;
  readonly #accounts: ReadonlyMap<string, Account>;
  readonly #marks: ReadonlyMap<string, number>;
  readonly #progress = new Map<string, Progress>();
  #delivered = 0;
  #lastGapAt = 0;
  #gaps = 0;
  #holes = 0;
  #lost = 0;

  constructor(name: string, pattern: string, accounts: ReadonlyMap<string, Account>, marks: ReadonlyMap<string, number>) {
    this.name = name;
    this.pattern = pattern;
    this.#accounts = accounts;
    this.#marks = marks;
  }

  deliver(publisher: string, number: number, topic: string, hasGap: boolean): void {
    const account = this.#accounts.get(publisher);
    assert.ok(account && number <= account.sent, `${this.name} got ${publisher} ${number}, which nobody sent`);
    const { topicOf } = account;
    assert.equal(topic, topicOf(number), `${this.name} got ${publisher} ${number} from another topic`);
    assert.ok(matches(this.pattern, topic), `${this.name} got ${publisher} ${number} of ${topic}, and asked for ${this.pattern}`);
    this.#delivered++;
    if (hasGap) {
      this.#lastGapAt = this.#delivered;
      this.#gaps++;
    }
    const progress = this.#of(publisher);
    const isEarly = !progress.hasBegun && number <= progress.last;
    assert.ok(isEarly || number > progress.last, `${this.name} got ${publisher} ${number} after ${progress.last}`);
    const missed = isEarly ? [] : this.#wanted(account, progress.last, number - 1);
    if (missed.length > 0) {
      assert.ok(this.#lastGapAt > progress.at, `${this.name} missed ${publisher} ${missed.slice(0, 5)} and was told of no gap before ${number}`);
      this.#holes++;
      this.#lost += missed.length;
    }
    progress.last = number;
    progress.at = this.#delivered;
    progress.hasBegun = true;
  }

  /** See `TopicLedger.missing`. */
  missing(): string[] {
    const sentences: string[] = [];
    for (const account of this.#accounts.values()) {
      const { last, at } = this.#of(account.name);
      if (this.#lastGapAt > at) continue;
      const missed = this.#wanted(account, last, account.receipted);
      if (missed.length > 0) sentences.push(`${this.name} lacks ${missed.length} of ${account.name} from ${missed[0]} on`);
    }
    return sentences;
  }

  /** Whether it saw that message. */
  hasSeen(publisher: string, number: number): boolean {
    const progress = this.#progress.get(publisher);
    return progress !== undefined && progress.hasBegun && progress.last >= number;
  }

  get delivered(): number {
    return this.#delivered;
  }

  figures() {
    return { delivered: this.#delivered, gaps: this.#gaps, holes: this.#holes, lost: this.#lost };
  }

  #of(publisher: string): Progress {
    let progress = this.#progress.get(publisher);
    if (!progress) this.#progress.set(publisher, (progress = { last: this.#marks.get(publisher) ?? 0, at: 0, hasBegun: false }));
    return progress;
  }

  #wanted({ topicOf }: Account, after: number, upTo: number): number[] {
    const numbers: number[] = [];
    for (let number = after + 1; number <= upTo; number++) if (matches(this.pattern, topicOf(number))) numbers.push(number);
    return numbers;
  }
}

/** Words by `.`; `*` is one, a last `#` zero or more: all that these scenarios write. */
function matches(pattern: string, topic: string): boolean {
  const [wanted, words] = [pattern.split('.'), topic.split('.')];
  const isOpen = wanted.at(-1) === '#';
  if (isOpen) wanted.pop();
  if (isOpen ? words.length < wanted.length : words.length !== wanted.length) return false;
  return wanted.every((word, i) => word === '*' || word === words[i]);
}
