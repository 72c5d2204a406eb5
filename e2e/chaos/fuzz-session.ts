import assert from 'node:assert/strict';
import { Broker } from '../../server/broker/broker.ts';
import type { Peer, PeerListener } from '../../server/broker/peer.ts';
import { MemoryEngine } from '../../server/engines/memory/memory-engine.ts';
import type { WireFrame } from '../../server/protocol/wire-frame.ts';
import { seededRandom } from '../harness/random.ts';
import { mutatedStream } from './mutate.ts';

export interface FuzzSessionOptions {
  readonly streams: number;
  readonly seed: number;
}

/** Memory may sway by as much between two looks without a leak. */
const SLACK_BYTES = 64 * 1024 * 1024;

const STREAMS_PER_TURN = 500;

/**
 * Mutated byte streams, each through the parser and session of a connection of its own, cut at random places. A witness
 * on the same broker sends to itself between them and must always be served.
 */
export async function fuzzSession({ streams, seed }: FuzzSessionOptions) {
  const random = seededRandom(seed);
  const faults: unknown[] = [];
  const note = (fields: unknown): void => {
    faults.push(fields);
  };
  const broker = new Broker({
    engine: new MemoryEngine({ memoryLimitBytes: 8 * 1024 * 1024 }),
    authenticator: { authenticate: () => ({ ok: true, identity: { user: 'fuzz' } }) },
    authorizer: { authorize: () => true },
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: note },
  });
  await broker.start();
  const witness = new SilentPeer();
  const witnessed = broker.accept(witness);
  witnessed.receive(Buffer.from('CONNECT\naccept-version:1.2\n\n\0SUBSCRIBE\nid:w\ndestination:/topic/witness\n\n\0'));

  let longestMs = 0;
  let memoryAfterWarmUp = 0;
  const startedAt = performance.now();
  for (let done = 0; done < streams; done += STREAMS_PER_TURN) {
    const sessions: PeerListener[] = [];
    for (let i = 0; i < STREAMS_PER_TURN; i++) {
      const stream = mutatedStream(random);
      const peer = new SilentPeer();
      const session = broker.accept(peer);
      sessions.push(session);
      const cut = Math.floor(random() * (stream.length + 1));
      const at = performance.now();
      session.receive(stream.subarray(0, cut));
      session.receive(stream.subarray(cut));
      longestMs = Math.max(longestMs, performance.now() - at);
    }
    await nextTurn();
    for (const session of sessions) session.disconnected();
    await nextTurn();
    const heard: number = witness.messages;
    witnessed.receive(Buffer.from('SEND\ndestination:/topic/witness\n\nstill here\0'));
    await nextTurn();
    assert.equal(witness.messages, heard + 1, `the witness was not served after ${done} streams, seed ${seed}`);
    assert.deepEqual(faults, [], `faults after ${done} streams, seed ${seed}`);
    if (done <= streams / 4) memoryAfterWarmUp = usedBytes();
  }
  const growth = usedBytes() - memoryAfterWarmUp;
  assert.ok(growth < SLACK_BYTES, `memory grew by ${growth} octets over ${streams} streams`);
  assert.equal(broker.stats().sessions, 1, 'only the witness is left');
  await broker.close();
  return { streams, perSecond: Math.round((streams / (performance.now() - startedAt)) * 1000), longestMs: Math.round(longestMs), growthBytes: growth };
}

/** Fuzzing runs with and without --expose-gc; without it the figure holds garbage, which the slack allows for. */
function usedBytes(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const nextTurn = (): Promise<void> => new Promise((resume) => setImmediate(resume));

/** Takes everything and keeps nothing. */
class SilentPeer implements Peer {
  readonly transport = 'tcp';
  readonly remoteAddress = 'fuzz';
  readonly isLocal = true;
  readonly receivedBytes = 0;
  readonly bufferedBytes = 0;
  readonly bufferedLiveBytes = 0;
  readonly oldestLiveAgeMs = 0;
  messages = 0;

  send(_frame: WireFrame, taken?: () => void): void {
    if (taken) setImmediate(taken);
  }

  sendLive(): void {
    this.messages++;
  }

  sendBeat(): void {}
  flush(): void {}
  loggedIn(): void {}
  ping(): void {}
  pause(): void {}
  resume(): void {}
  close(): void {}
  destroy(): void {}
}
