import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBroker, type BrokerProcess } from '../harness/broker-process.ts';
import { eventually } from '../harness/eventually.ts';
import { connectRawClient } from '../harness/raw-client.ts';

export interface DiskFullOptions {
  readonly bodyBytes: number;
}

const QUEUE = '/queue/full';
const VOLUME_MB = 16;

/**
 * A node on a 16 MB volume. SENDs are refused with `disk-full` when it is full, also when somebody else filled it to the
 * last octet, while ACKs go on; room given back heals it; after SIGKILL exactly the receipted and unacked are there.
 * Mounting a volume needs root; elsewhere the engine's own tests inject the fault instead.
 */
export async function diskFull({ bodyBytes }: DiskFullOptions) {
  const volume = await mkdtemp(join(tmpdir(), 'stompede-volume-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${VOLUME_MB}m`, 'tmpfs', volume]);
  let broker: BrokerProcess | undefined;
  try {
    broker = await startBroker({ dataDir: join(volume, 'data') });
    const stored = await fill(broker, bodyBytes, 0);
    const settledWhileLow = await consume(broker, 0, 10);

    // Not a single octet left: the ballast has to make the next ACKs possible.
    const filler = join(volume, 'filler');
    await fillUp(filler);
    await assert.rejects(send(broker, bodyBytes, stored), /disk-full/);
    const settledWhileFull = await consume(broker, 10, stored - 20);
    await rm(filler);

    const healed = await eventually(async () => {
      await send(broker!, bodyBytes, stored);
      return stored + 1;
    }, 30_000);
    await broker.restart();
    const left = await consume(broker, 10 + settledWhileFull, healed - 10 - settledWhileFull);
    await broker.stop();
    return { volumeMb: VOLUME_MB, bodyBytes, stored, settledWhileLow, settledWhileFull, foundAfterKill: left };
  } finally {
    await broker?.abandon();
    execFileSync('umount', [volume]);
    await rm(volume, { recursive: true });
  }
}

/** Sends until the node refuses; returns how many were receipted. */
async function fill(broker: BrokerProcess, bodyBytes: number, from: number): Promise<number> {
  for (let number = from; ; number++) {
    try {
      await send(broker, bodyBytes, number);
    } catch (error) {
      assert.match(String(error), /disk-full/);
      return number - from;
    }
    assert.ok(number < 10_000, 'the volume never filled');
  }
}

/** One SEND on its own connection, since a refusal ends the connection; rejects with the ERROR's code. */
async function send(broker: BrokerProcess, bodyBytes: number, number: number): Promise<void> {
  const client = await connectRawClient(broker, { transport: 'tcp' });
  try {
    client.frame('SEND', { destination: QUEUE, number: String(number), receipt: 'r' }, Buffer.alloc(bodyBytes, 'x'));
    const answer = await client.nextFrame();
    if (answer.command === 'ERROR') {
      assert.equal(answer.headers['receipt-id'], 'r');
      throw new Error(answer.headers['code']);
    }
    assert.equal(answer.command, 'RECEIPT');
  } finally {
    client.destroy();
  }
}

/** Takes messages `from` on, in order, each settled for sure before the next; returns how many. */
async function consume(broker: BrokerProcess, from: number, count: number): Promise<number> {
  const client = await connectRawClient(broker, { transport: 'tcp' });
  client.frame('SUBSCRIBE', { destination: QUEUE, id: 'c', ack: 'client-individual', 'prefetch-count': '1' });
  for (let i = 0; i < count; i++) {
    const message = await client.nextFrame((frame) => frame.command === 'MESSAGE', 'a message');
    assert.equal(Number(message.headers['number']), from + i);
    client.frame('ACK', { id: message.headers['ack'] ?? '', receipt: 'a' });
    await client.nextFrame((frame) => frame.command === 'RECEIPT', 'the receipt of an ACK');
  }
  client.frame('UNSUBSCRIBE', { id: 'c', receipt: 'u' });
  await client.nextFrame((frame) => frame.command === 'RECEIPT', 'the receipt of UNSUBSCRIBE');
  client.finish();
  return count;
}

/** Writes until the volume takes no more. */
async function fillUp(path: string): Promise<void> {
  const file = await open(path, 'w');
  const block = Buffer.alloc(64 * 1024, 'f');
  try {
    for (let size = block.length; size >= 1; ) {
      try {
        await file.write(block, 0, size);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        size = Math.floor(size / 2);
      }
    }
  } finally {
    await file.close();
  }
}
