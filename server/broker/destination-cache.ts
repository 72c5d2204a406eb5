import type { ProtocolError } from '../protocol/protocol-error.ts';
import { parseDestinations, type Destination, type DestinationLimits } from './destination.ts';

const MAX_ENTRIES = 4096;

/**
 * Destinations already read. A page sends to the same few over and over, and reading one costs more than the rest of a
 * SEND's headers. Emptied when full: a client that invents names cannot make it grow.
 */
export class DestinationCache {
  readonly #limits: DestinationLimits;
  readonly #known = new Map<string, readonly Destination[]>();

  constructor(limits: DestinationLimits) {
    this.#limits = limits;
  }

  parse(text: string): readonly Destination[] | ProtocolError {
    const known = this.#known.get(text);
    if (known) return known;
    const parsed = parseDestinations(text, this.#limits);
    if ('code' in parsed) return parsed;
    if (this.#known.size >= MAX_ENTRIES) this.#known.clear();
    this.#known.set(text, parsed);
    return parsed;
  }
}
