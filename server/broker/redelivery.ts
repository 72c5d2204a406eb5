/** When a message is given up. */
export interface RedeliveryPolicy {
  /** Deliveries a message may have that end in a NACK; the last of them dead-letters it. */
  readonly maxAttempts: number;
  /** Deliveries whose holder (consumer or node) may vanish; higher, since that is seldom the message's fault. */
  readonly maxRecoveries: number;
}

export const DEFAULT_REDELIVERY_POLICY: RedeliveryPolicy = Object.freeze({ maxAttempts: 6, maxRecoveries: 20 });
