import { agreement } from './agreement.ts';
import { translated, type Ask, type Locator } from './locator.ts';
import { endpointText, type Endpoint, type Topology } from './source.ts';

type SentinelTopology = Extract<Topology, { readonly kind: 'sentinel' }>;

/** Asks the Sentinels who the primary of a name is. */
export class SentinelLocator implements Locator {
  readonly #topology: SentinelTopology;
  readonly #ask: Ask;

  constructor(topology: SentinelTopology, ask: Ask) {
    this.#topology = topology;
    this.#ask = ask;
  }

  locate(signal: AbortSignal): Promise<Endpoint> {
    return agreement(this.#topology.sentinels, (sentinel, stop) => this.#askOne(sentinel, stop), signal);
  }

  async #askOne(sentinel: Endpoint, signal: AbortSignal): Promise<Endpoint> {
    const { access, masterName, translate } = this.#topology;
    const reply = await this.#ask(sentinel, access, ['SENTINEL', 'get-master-addr-by-name', masterName], signal);
    if (!Array.isArray(reply)) throw new Error(`the Sentinel at ${endpointText(sentinel)} knows no primary of the name ${masterName}`);
    return translated(String(reply[0]), Number(reply[1]), translate);
  }
}
