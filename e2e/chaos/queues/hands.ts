import assert from 'node:assert/strict';
import { eventually } from '../../harness/eventually.ts';
import type { ServerFrame } from '../../harness/server-frame.ts';
import type { ClusterNode } from './broker-cluster.ts';
import { ChaosClient } from './chaos-client.ts';

/** A consumer that keeps what it gets. */
export interface Holding {
  readonly client: ChaosClient;
  readonly frames: ServerFrame[];
}

/** Takes up to `prefetch` messages and acks none. */
export async function hold(node: ClusterNode, queue: string, prefetch: number): Promise<Holding> {
  const frames: ServerFrame[] = [];
  const client = await ChaosClient.connect(node.broker, (frame) => void frames.push(frame));
  client.send('SUBSCRIBE', { id: 'hold', destination: queue, ack: 'client-individual', 'prefetch-count': String(prefetch) });
  return { client, frames };
}

/** Resolves when all are receipted. */
export async function send(node: ClusterNode, queue: string, names: readonly string[]): Promise<void> {
  let open = names.length;
  let answered: () => void = () => {};
  const all = new Promise<void>((resolve) => (answered = resolve));
  const refused: string[] = [];
  const client = await ChaosClient.connect(node.broker, (frame) => {
    if (frame.command === 'ERROR') refused.push(frame.text);
    else if (--open === 0) answered();
  });
  for (const name of names) client.send('SEND', { destination: queue, receipt: name }, name);
  await Promise.race([all, client.ended]);
  client.destroy();
  assert.deepEqual([open, refused], [0, []], `SENDs to ${queue} that were not receipted`);
}

/** Acks all of them with receipts; resolves with the codes of what was refused, when all is answered. */
export async function ackAll(holding: Holding): Promise<string[]> {
  const messages = holding.frames.filter(({ command }) => command === 'MESSAGE');
  const answers = (): ServerFrame[] => holding.frames.filter(({ command }) => command !== 'MESSAGE');
  const before = answers().length;
  for (const { headers } of messages) holding.client.send('ACK', { id: headers['ack'] ?? '', receipt: headers['ack'] ?? '' });
  await eventually(() => assert.ok(holding.client.hasEnded || answers().length === before + messages.length, 'ACKs without an answer'), 30_000);
  return answers().flatMap(({ command, headers }) => (command === 'ERROR' ? [headers['code'] ?? ''] : []));
}
