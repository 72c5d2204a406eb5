import type { ProtocolError } from '../protocol/protocol-error.ts';
import { parseDestinations, type Destination, type DestinationLimits } from './destination.ts';
import type { BareKind } from './routing-type.ts';

const MAX_ENTRIES = 8192;

/** By their texts, in two generations. */
interface Generations {
  younger: Map<string, readonly Destination[]>;
  older: Map<string, readonly Destination[]>;
}

/**
 * Destinations already read. A page sends to the same few over and over, and reading one costs more than the rest of a
 * SEND's headers. Two generations: when the younger is full it becomes the older, and what is asked for again moves up.
 * So those in use stay, and a client that invents names cannot make it grow.
 */
export class DestinationCache {
  readonly #limits: DestinationLimits;
  readonly #known: Readonly<Record<BareKind, Generations>> = {
    queue: { younger: new Map(), older: new Map() },
    topic: { younger: new Map(), older: new Map() },
  };

  constructor(limits: DestinationLimits) {
    this.#limits = limits;
  }

  /** `bare`: what names without a prefix are. */
  parse(text: string, bare: BareKind = 'queue'): readonly Destination[] | ProtocolError {
    const known = this.#known[bare];
    const recent = known.younger.get(text);
    if (recent) return recent;
    const parsed = known.older.get(text) ?? parseDestinations(text, this.#limits, bare);
    if ('code' in parsed) return parsed;
    if (known.younger.size >= MAX_ENTRIES) {
      known.older = known.younger;
      known.younger = new Map();
    }
    known.younger.set(text, parsed);
    return parsed;
  }
}
