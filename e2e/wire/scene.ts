import type { BrokerProcess } from '../harness/broker-process.ts';
import type { HeaderLines, StompVersion } from '../harness/client-frame.ts';
import { connectRawClient, openRawClient, type RawClient, type RawClientOptions } from '../harness/raw-client.ts';
import type { ServerFrame } from '../harness/server-frame.ts';
import type { Variant } from './variant.ts';

let names = 0;

/** What one run of a rule in one variant works with: clients of that variant, and destinations that nobody else uses. */
export class Scene {
  readonly broker: BrokerProcess;
  readonly variant: Variant;
  #clients: RawClient[] = [];

  constructor(broker: BrokerProcess, variant: Variant) {
    this.broker = broker;
    this.variant = variant;
  }

  get version(): StompVersion {
    return this.variant.version;
  }

  queue(): string {
    return `/queue/wire-${++names}`;
  }

  topic(): string {
    return `/topic/wire-${++names}`;
  }

  /** A connection that has not said anything yet. */
  async open(options: RawClientOptions = {}): Promise<RawClient> {
    const client = await openRawClient(this.broker, { ...this.variant, seed: this.variant.number + 1, ...options });
    this.#clients.push(client);
    return client;
  }

  /** A session in this variant, unless `options` say otherwise. */
  async connect(headers: HeaderLines = {}, options: RawClientOptions = {}): Promise<RawClient> {
    const client = await this.open(options);
    await client.connect(headers);
    return client;
  }

  /** Someone else's session, always the same way whatever the variant: 1.2 over TCP, uncut. */
  async other(version: StompVersion = '1.2'): Promise<RawClient> {
    const client = await connectRawClient(this.broker, { version, transport: 'tcp', cut: 'whole' });
    this.#clients.push(client);
    return client;
  }

  /** Ends all its connections; throws if the server broke a rule of the wire on any. */
  finish(): void {
    for (const client of this.#clients) client.finish();
  }

  /** Ends them without a verdict: something else failed already. */
  abandon(): void {
    for (const client of this.#clients) client.destroy();
  }
}

/** The headers by which a client of that version names a delivery in ACK and NACK. */
export function ackHeaders(version: StompVersion, { headers }: ServerFrame): Record<string, string> {
  if (version === '1.2') return { id: headers['ack'] ?? '' };
  const own = { 'message-id': headers['message-id'] ?? '' };
  return version === '1.1' ? { ...own, subscription: headers['subscription'] ?? '' } : own;
}
