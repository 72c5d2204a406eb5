/** What happened since the start; only ever grows. */
export interface Counters {
  connectionsAccepted: number;
  messagesIn: number;
  messagesOut: number;
  errors: number;
  slowConsumers: number;
  /** Groups that the store acknowledged and then forgot. */
  lostGroups: number;
  /** Holes in topics that could not be healed. */
  topicGaps: number;
}

export const createCounters = (): Counters => ({
  connectionsAccepted: 0,
  messagesIn: 0,
  messagesOut: 0,
  errors: 0,
  slowConsumers: 0,
  lostGroups: 0,
  topicGaps: 0,
});

/** A picture of the node, for health, the console and tests. Bytes are octets. */
export interface BrokerStats {
  readonly nodeId: string;
  readonly sessions: number;
  readonly subscriptions: number;
  readonly pendingBytes: number;
  readonly counters: Readonly<Counters>;
}
