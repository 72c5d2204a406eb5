import { Connection } from './connection.ts';
import type { Dialect, Reader, SubscribeOptions } from './dialect.ts';
import type { Target } from './target.ts';

/** A message came in: its unit begins at `start`, its body ends before `bodyEnd`; valid only during the call. */
export type OnDelivery = (client: Client, buffer: Buffer, start: number, bodyEnd: number) => void;

/** One logged-in client of the broker under test. */
export class Client {
  /** Its place among the clients of its job. */
  readonly index: number;
  onDelivery: OnDelivery = (client) => client.#fail('a delivery that nobody waits for');
  /** Each receipt's number, and 0 for each fence passed. */
  onConfirmed: (number: number) => void = () => {};
  readonly #dialect: Dialect;
  readonly #fail: (why: string) => void;
  readonly #reader: Reader;
  #connection: Connection | undefined;
  #ready: () => void = () => this.onConfirmed(0);

  private constructor(index: number, dialect: Dialect, fail: (why: string) => void) {
    this.index = index;
    this.#dialect = dialect;
    this.#fail = (why) => fail(`client ${index}: ${why}`);
    this.#reader = dialect.reader(
      {
        ready: () => this.#ready(),
        confirmed: (number) => this.onConfirmed(number),
        delivered: (buffer, start, bodyEnd) => this.onDelivery(this, buffer, start, bodyEnd),
        failed: (why) => this.#fail(why),
      },
      (frame) => this.write(frame),
    );
  }

  /** Connects to the node whose turn it is, and logs in. `fail` hears whatever goes wrong from then on. */
  static async open(target: Target, dialect: Dialect, index: number, fail: (why: string) => void): Promise<Client> {
    const client = new Client(index, dialect, fail);
    client.#connection = await Connection.open(target, target.ports[index % target.ports.length]!, {
      message: (buffer, start, end) => client.#reader.message(buffer, start, end),
      lost: (why) => client.#fail(why),
    });
    const confirmed = client.#ready;
    const ready = new Promise<void>((resolve) => (client.#ready = resolve));
    client.write(dialect.login());
    await ready;
    client.#ready = confirmed;
    return client;
  }

  write(frames: Buffer): void {
    this.#connection!.write(frames);
  }

  /** Resolves when all of these subscriptions are in force. */
  async subscribe(subscriptions: readonly (readonly [id: string, destination: string])[], options?: SubscribeOptions): Promise<void> {
    let left = subscriptions.length;
    const confirmed = new Promise<void>((resolve) => {
      this.onConfirmed = () => {
        if (--left > 0) return;
        this.onConfirmed = () => {};
        resolve();
      };
    });
    this.write(Buffer.concat(subscriptions.map(([id, destination]) => this.#dialect.subscribe(id, destination, options))));
    await confirmed;
  }

  async close(): Promise<void> {
    await this.#connection!.close();
  }
}
