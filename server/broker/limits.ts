import { LIMITS_AFTER_LOGIN, LIMITS_BEFORE_LOGIN, type FrameLimits } from '../protocol/limits.ts';

/** What one session may take of this node, and all sessions together. Bytes are octets, times are ms. */
export interface BrokerLimits {
  readonly framesBeforeLogin: FrameLimits;
  readonly framesAfterLogin: FrameLimits;
  /** From the accepted socket to a valid CONNECT. */
  readonly loginTimeoutMs: number;
  readonly maxSubscriptions: number;
  /** Credit of a subscription that asks for none. */
  readonly defaultPrefetch: number;
  /** The most credit a subscription may ask for; what "no limit" means. */
  readonly maxPrefetch: number;
  readonly maxTransactions: number;
  readonly maxTransactionActions: number;
  /** Over all open transactions of a session. */
  readonly maxTransactionBytes: number;
  /** Groups a session may have on their way to the engine before its socket is paused. */
  readonly maxPendingGroups: number;
  /** Their bytes, for a session and for the node. */
  readonly maxPendingBytes: number;
  readonly maxPendingBytesOfNode: number;
  /** Live topic traffic a connection may have waiting; at least one frame always fits. */
  readonly maxLiveBytes: number;
  /** How old the oldest of it may get. */
  readonly maxLiveAgeMs: number;
  /** Queue dispatch to a connection stops above this and goes on at drain. */
  readonly dispatchBytes: number;
  /** Heart-beat intervals are granted within these bounds. */
  readonly minHeartBeatMs: number;
  readonly maxHeartBeatMs: number;
  /** How often a connection without heart-beats of its own is asked for a sign of life. */
  readonly idlePingMs: number;
  /** Words (split by `.`) of a topic name or pattern. */
  readonly maxTopicWords: number;
  /** Octets of a destination. */
  readonly maxDestinationBytes: number;
  /** Members of a composite destination. */
  readonly maxComposite: number;
}

export const DEFAULT_BROKER_LIMITS: BrokerLimits = Object.freeze({
  framesBeforeLogin: LIMITS_BEFORE_LOGIN,
  framesAfterLogin: LIMITS_AFTER_LOGIN,
  loginTimeoutMs: 10_000,
  maxSubscriptions: 128,
  defaultPrefetch: 100,
  maxPrefetch: 10_000,
  maxTransactions: 16,
  maxTransactionActions: 1024,
  maxTransactionBytes: 16 * 1024 * 1024,
  maxPendingGroups: 1024,
  maxPendingBytes: 8 * 1024 * 1024,
  maxPendingBytesOfNode: 256 * 1024 * 1024,
  maxLiveBytes: 1024 * 1024,
  maxLiveAgeMs: 10_000,
  dispatchBytes: 256 * 1024,
  minHeartBeatMs: 1_000,
  maxHeartBeatMs: 60_000,
  idlePingMs: 25_000,
  maxTopicWords: 64,
  maxDestinationBytes: 1024,
  maxComposite: 64,
});
