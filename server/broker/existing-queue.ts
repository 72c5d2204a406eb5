import type { ProtocolError } from '../protocol/protocol-error.ts';
import type { BrokerContext } from './broker-context.ts';
import type { Destination } from './destination.ts';
import { notFound } from './errors.ts';

/**
 * RabbitMQ's `/amq/queue/` is for queues that were declared. Here a queue is there if a policy names it (without
 * wildcards), a consumer of this node reads it, or messages rest in it, whichever node they came from.
 */
export async function missingQueue(broker: BrokerContext, destinations: readonly Destination[]): Promise<ProtocolError | undefined> {
  for (const { name, text, canonical, mustExist } of destinations) {
    if (!mustExist || broker.policies.names(canonical) || broker.queues.has(name)) continue;
    const [first] = await broker.engine.browse(name, 0, 1);
    if (!first) return notFound('no-such-queue', text, 'expected a queue that has messages, a consumer on this node, or a policy of its own');
  }
  return undefined;
}
