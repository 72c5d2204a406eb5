/** What the names of queues begin with that belong to durable subscriptions alone; no client can write such a name. */
export const DURABLE_PREFIX = 'sub:';

/** ActiveMQ's virtual topics: the queue `Consumer.<group>.VirtualTopic.<name>` gets what is published to `VirtualTopic.<name>`. */
const VIRTUAL_QUEUE = /^Consumer\.[^.]+\.(VirtualTopic\..+)$/;

/** The virtual topic behind a queue; undefined for any other queue. */
export const virtualTopicOf = (queue: string): string | undefined => (queue.startsWith('Consumer.') ? VIRTUAL_QUEUE.exec(queue)?.[1] : undefined);

/** May there be a durable subscription behind the queue? */
export const mayBeDurable = (queue: string): boolean => queue.startsWith(DURABLE_PREFIX) || queue.startsWith('Consumer.');
