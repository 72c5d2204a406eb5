import type { NodeLoad, NodeSelf } from '../../broker/engine.ts';
import { createNodeId } from '../../lib/ids.ts';

export const TEST_LOAD: NodeLoad = Object.freeze({
  connections: 3,
  sessions: 2,
  subscriptions: 5,
  messagesIn: 7,
  messagesOut: 11,
  memoryBytes: 13,
  address: '127.0.0.1:15674',
});

/** A node as the broker would introduce itself; another one each time. */
export const testNode = (): NodeSelf => ({ id: createNodeId(), version: '1.2.3', load: () => TEST_LOAD });
