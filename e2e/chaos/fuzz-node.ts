import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { once } from 'node:events';
import { startBroker, type BrokerProcess } from '../harness/broker-process.ts';
import { seededRandom } from '../harness/random.ts';
import { connectRawClient } from '../harness/raw-client.ts';
import { anonymousKb } from './memory.ts';
import { mutatedStream } from './mutate.ts';

export interface FuzzNodeOptions {
  readonly streams: number;
  readonly seed: number;
}

const AT_ONCE = 50;

/** Anonymous memory may sway by as much without a leak. */
const SLACK_KB = 96 * 1024;

/** Mutated streams against a live node over TCP, with a witness whose own traffic must go on undisturbed. */
export async function fuzzNode({ streams, seed }: FuzzNodeOptions) {
  const random = seededRandom(seed);
  const broker = await startBroker({ env: { STOMPEDE_ENGINE: 'memory' } });
  try {
    const witness = await connectRawClient(broker, { transport: 'websocket-text' });
    await witness.request('SUBSCRIBE', { destination: '/topic/witness', id: 'w' });
    let warmKb = 0;
    const startedAt = performance.now();
    for (let done = 0; done < streams; done += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, () => throwAt(broker, mutatedStream(random), random)));
      await witness.request('SEND', { destination: '/topic/witness' }, String(done));
      assert.equal((await witness.expectFrame('MESSAGE')).text, String(done));
      if (done <= streams / 4) warmKb = await anonymousKb(broker.pid);
    }
    const growthKb = (await anonymousKb(broker.pid)) - warmKb;
    assert.ok(growthKb < SLACK_KB, `anonymous memory grew by ${growthKb} kB`);
    witness.finish();
    const perSecond = Math.round((streams / (performance.now() - startedAt)) * 1000);
    await broker.stop();
    return { streams, perSecond, growthKb };
  } finally {
    await broker.abandon();
  }
}

/** One connection: two writes, then whatever the node answers until either side ends it. */
async function throwAt(broker: BrokerProcess, stream: Buffer, random: () => number): Promise<void> {
  const socket = connect(broker.tcpPort, '127.0.0.1');
  socket.on('error', () => {}); // a node that cuts a broken stream may reset it
  const closed = once(socket, 'close');
  socket.resume();
  const cut = Math.floor(random() * (stream.length + 1));
  socket.write(stream.subarray(0, cut));
  socket.end(stream.subarray(cut));
  await closed;
}
