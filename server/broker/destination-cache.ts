import type { ProtocolError } from '../protocol/protocol-error.ts';
import { parseDestinations, type Destination, type DestinationLimits } from './destination.ts';

const MAX_ENTRIES = 8192;

/**
 * Destinations already read. A page sends to the same few over and over, and reading one costs more than the rest of a
 * SEND's headers. Two generations: when the younger is full it becomes the older, and what is asked for again moves up.
 * So those in use stay, and a client that invents names cannot make it grow.
 */
export class DestinationCache {
  readonly #limits: DestinationLimits;
  #younger = new Map<string, readonly Destination[]>();
  #older = new Map<string, readonly Destination[]>();

  constructor(limits: DestinationLimits) {
    this.#limits = limits;
  }

  parse(text: string): readonly Destination[] | ProtocolError {
    const known = this.#younger.get(text);
    if (known) return known;
    const parsed = this.#older.get(text) ?? parseDestinations(text, this.#limits);
    if ('code' in parsed) return parsed;
    if (this.#younger.size >= MAX_ENTRIES) {
      this.#older = this.#younger;
      this.#younger = new Map();
    }
    this.#younger.set(text, parsed);
    return parsed;
  }
}
