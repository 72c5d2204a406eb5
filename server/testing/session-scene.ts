import type { TestContext } from 'node:test';
import { Broker, type BrokerOptions } from '../broker/broker.ts';
import type { Engine, Group, Outcome } from '../broker/engine.ts';
import type { Peer, PeerListener } from '../broker/peer.ts';
import { MemoryEngine } from '../engines/memory/memory-engine.ts';
import type { WireFrame } from '../protocol/wire-frame.ts';

/** For tests: a client in the same process: what it says is handled at once, what it is told stands in `said`. */
export class Client implements Peer {
  readonly transport = 'tcp';
  readonly remoteAddress = 'test';
  readonly isLocal = true;
  readonly receivedBytes = 0;
  /** As if the socket had not taken so much. */
  bufferedBytes = 0;
  readonly bufferedLiveBytes = 0;
  readonly oldestLiveAgeMs = 0;
  readonly said: string[] = [];
  isPaused = false;
  listener: PeerListener | undefined;

  say(...frames: string[]): void {
    this.listener?.receive(Buffer.from(frames.map((frame) => `${frame}\0`).join('')));
  }

  /** First header of that name in the first frame that begins so. */
  header(start: string, name: string): string | undefined {
    const frame = this.said.find((each) => each.startsWith(start));
    return new RegExp(`\n${name}:(.*)\n`).exec(frame ?? '')?.[1];
  }

  count(start: string): number {
    return this.said.filter((frame) => frame.startsWith(start)).length;
  }

  send(frame: WireFrame, taken?: () => void): void {
    this.said.push(frame.head.toString());
    if (taken) setImmediate(taken);
  }

  sendLive(frame: WireFrame): void {
    this.send(frame);
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  close(): void {
    this.said.push('closed');
    setImmediate(() => this.listener?.disconnected());
  }

  sendBeat(): void {}
  flush(): void {}
  loggedIn(): void {}
  ping(): void {}
  destroy(): void {}
}

/** For tests: a broker without sockets, and clients of it. */
export interface Scene {
  readonly broker: Broker;
  readonly engine: Engine;
  client(): Client;
  /** Lets everything that is under way come to rest. */
  rest(): Promise<void>;
}

export async function scene(context: TestContext, engine: Engine = new MemoryEngine(), options: Partial<BrokerOptions> = {}): Promise<Scene> {
  const broker = new Broker({
    engine,
    authenticator: { authenticate: () => ({ ok: true, identity: { user: 'test' } }) },
    authorizer: { authorize: () => true },
    ...options,
  });
  await broker.start();
  context.after(() => broker.close());
  return {
    broker,
    engine,
    client: () => {
      const client = new Client();
      client.listener = broker.accept(client);
      client.say('CONNECT\naccept-version:1.2\n\n');
      return client;
    },
    rest: async () => {
      for (let turn = 0; turn < 20; turn++) await new Promise((resume) => setImmediate(resume));
    },
  };
}

/** For tests: an engine whose groups wait until they are let go. */
export class HeldEngine extends MemoryEngine {
  readonly waiting: (() => void)[] = [];
  isHolding = false;
  /** Refuses at once, as the embedded engine does on a full disk while earlier groups are still being flushed. */
  isFull = false;

  override async apply(group: Group): Promise<Outcome> {
    if (this.isFull) return { ok: false, failure: { code: 'disk-full', certainty: 'not-stored', detail: 'full' } };
    if (!this.isHolding) return super.apply(group);
    return new Promise((resolve) => {
      this.waiting.push(() => resolve(super.apply(group)));
    });
  }

  letGo(): void {
    for (const go of this.waiting.splice(0)) go();
  }
}

export const subscribe = (id: string, destination: string, ack = 'client-individual') =>
  `SUBSCRIBE\nid:${id}\ndestination:${destination}\nack:${ack}\n\n`;
export const send = (destination: string, body = 'x', more = '') => `SEND\ndestination:${destination}\n${more}\n${body}`;
