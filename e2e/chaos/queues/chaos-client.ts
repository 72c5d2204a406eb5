import { encodeClientFrame, type HeaderLines } from '../../harness/client-frame.ts';
import { within } from '../../harness/eventually.ts';
import { openSocket, type RawSocket, type SocketTarget } from '../../harness/raw-socket.ts';
import { ServerFrameReader } from '../../harness/server-frame-reader.ts';
import type { ServerFrame } from '../../harness/server-frame.ts';

const CONNECT_MS = 5_000;

/**
 * A session over TCP for traffic that goes on for minutes: frames are handed out as they come, nothing is waited for and
 * nothing remembered. What breaks a rule of the wire throws in the process that runs the test.
 */
export class ChaosClient {
  /** Resolves when the connection is gone, from either side. */
  readonly ended: Promise<void>;
  readonly #onFrame: (frame: ServerFrame) => void;
  readonly #reader = new ServerFrameReader();
  #socket: RawSocket | undefined;
  #connected: (frame: ServerFrame) => void = () => {};
  #end: () => void = () => {};
  #hasEnded = false;

  private constructor(onFrame: (frame: ServerFrame) => void) {
    this.#onFrame = onFrame;
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  /** Rejects when there is no session within some seconds. */
  static async connect(target: SocketTarget, onFrame: (frame: ServerFrame) => void): Promise<ChaosClient> {
    const client = new ChaosClient(onFrame);
    await client.#connect(target);
    return client;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Frames on a connection that is gone are lost, as they would be on the network. */
  send(command: string, headers: HeaderLines, body = ''): void {
    if (!this.#hasEnded) void this.#socket?.write(encodeClientFrame('1.2', command, headers, body));
  }

  /** Cuts the connection without DISCONNECT. */
  destroy(): void {
    this.#close();
    this.#socket?.destroy();
  }

  async #connect(target: SocketTarget): Promise<void> {
    const answered = new Promise<ServerFrame>((resolve) => (this.#connected = resolve));
    this.#socket = await openSocket('tcp', target, {
      chunk: (data) => {
        if (!this.#hasEnded) for (const arrival of this.#reader.push(data)) if (arrival.kind === 'frame') this.#take(arrival.frame);
      },
      message: () => {},
      ended: () => this.#close(),
    });
    try {
      this.send('CONNECT', { 'accept-version': '1.2', host: 'localhost' });
      const frame = await within(Promise.race([answered, this.ended]), CONNECT_MS, () => 'CONNECTED');
      if (frame?.command !== 'CONNECTED') throw new Error(`Expected CONNECTED, got ${frame?.command ?? 'the end of the connection'}`);
    } catch (error) {
      this.destroy();
      throw error;
    }
  }

  #take(frame: ServerFrame): void {
    if (frame.command === 'CONNECTED') this.#connected(frame);
    else this.#onFrame(frame);
  }

  #close(): void {
    this.#hasEnded = true;
    this.#end();
  }
}
