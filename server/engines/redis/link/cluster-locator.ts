import { agreement } from './agreement.ts';
import type { Reply } from './link.ts';
import { translated, type Ask, type Locator } from './locator.ts';
import { endpointText, type Access, type Endpoint, type Translate } from './source.ts';

/** As many nodes are asked at once: of a large cluster a sample will do. */
const PANEL = 5;

/**
 * Asks nodes of a cluster who holds a slot. It knows the nodes it was given for ever, and those that the last answers
 * told of.
 */
export class ClusterLocator implements Locator {
  readonly #roots: readonly Endpoint[];
  readonly #access: Access;
  readonly #slot: number;
  readonly #translate: Translate | undefined;
  readonly #ask: Ask;
  #learned: readonly Endpoint[] = [];

  constructor(roots: readonly Endpoint[], access: Access, slot: number, translate: Translate | undefined, ask: Ask) {
    this.#roots = roots;
    this.#access = access;
    this.#slot = slot;
    this.#translate = translate;
    this.#ask = ask;
  }

  locate(signal: AbortSignal): Promise<Endpoint> {
    return agreement(this.#panel(), (node, stop) => this.#askOne(node, stop), signal);
  }

  #panel(): Endpoint[] {
    const known = new Map([...this.#roots, ...this.#learned].map((node) => [endpointText(node), node]));
    const drawn = [...known.values()].map((node) => ({ node, lot: Math.random() }));
    return drawn.sort((a, b) => a.lot - b.lot).slice(0, PANEL).map(({ node }) => node);
  }

  async #askOne(node: Endpoint, signal: AbortSignal): Promise<Endpoint> {
    const ranges = readSlots(await this.#ask(node, this.#access, ['CLUSTER', 'SLOTS'], signal), node, this.#translate);
    this.#learned = ranges.flatMap(({ nodes }) => nodes);
    const owner = ranges.find(({ from, to }) => from <= this.#slot && this.#slot <= to)?.nodes[0];
    if (!owner) throw new Error(`the cluster node at ${endpointText(node)} knows nobody who holds slot ${this.#slot}`);
    return owner;
  }
}

/** Where a node sent us that does not hold our slot any more; undefined if the error says something else. */
export function movedTo(error: Error, from: Endpoint, translate: Translate | undefined): Endpoint | undefined {
  const moved = /\bMOVED \d+ (\S*):(\d+)$/.exec(error.message);
  return moved ? told(moved[1]!, Number(moved[2]), from, translate) : undefined;
}

/** Redis Cluster: an empty host is that of the node which tells. */
function told(host: string, port: number, by: Endpoint, translate: Translate | undefined): Endpoint {
  const own = 'host' in by ? by.host : 'localhost';
  return translated(host === '' || host === '?' ? own : host, port, translate);
}

interface SlotRange {
  readonly from: number;
  readonly to: number;
  /** The primary first. */
  readonly nodes: readonly Endpoint[];
}

/** CLUSTER SLOTS: `[[from, to, [host, port, id, …], …], …]`. */
function readSlots(reply: Reply, asked: Endpoint, translate: Translate | undefined): SlotRange[] {
  return asArray(reply).map((range) => {
    const [from, to, ...nodes] = asArray(range);
    return {
      from: Number(from),
      to: Number(to),
      nodes: nodes.map((node) => {
        const [host, port] = asArray(node);
        return told(host === null ? '' : String(host), Number(port), asked, translate);
      }),
    };
  });
}

function asArray(reply: Reply | undefined): readonly Reply[] {
  if (!Array.isArray(reply)) throw new Error(`expected a list in the answer to CLUSTER SLOTS, got ${String(reply)}`);
  return reply as readonly Reply[];
}
