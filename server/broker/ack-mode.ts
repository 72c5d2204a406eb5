/** How deliveries of a subscription are settled: at once, cumulatively, or one by one. */
export type AckMode = 'auto' | 'client' | 'client-individual';

/** Undefined for a word that is no ack mode. Missing means auto. STOMP 1.2, SUBSCRIBE ack Header. */
export function parseAckMode(text: string | undefined): AckMode | undefined {
  switch (text) {
    case undefined:
    case 'auto':
      return 'auto';
    case 'client':
    case 'client-individual':
      return text;
    default:
      return undefined;
  }
}
