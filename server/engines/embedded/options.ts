import type { Room } from './disk.ts';
import { MAX_SEGMENT_BYTES } from './journal/place.ts';

/** Sizes are octets, times ms. */
export interface EmbeddedEngineOptions {
  /** Where everything is kept; made if it is missing. One process at a time. */
  readonly directory: string;
  /** A file of the journal is closed when it is as large as this. Left out: 64 MiB, less on a small volume. */
  readonly segmentBytes?: number;
  /** Queued messages kept in memory, as `messageBytes` counts them; the rest is read back when claimed. Left out: 32 MiB. */
  readonly memoryBytes?: number;
  /** Kept in a file of no use and given up on a full disk, so that settling goes on. Left out: 8 MiB, less on a small volume. */
  readonly ballastBytes?: number;
  /** New messages are refused when the volume has less room than this. Left out: 64 MiB, less on a small volume. */
  readonly reserveBytes?: number;
  /** How often to look at the room on the volume. */
  readonly checkMs?: number;
}

export type StoreOptions = Required<EmbeddedEngineOptions>;

const DEFAULTS = {
  segmentBytes: 64 * 1024 * 1024,
  memoryBytes: 32 * 1024 * 1024,
  ballastBytes: 8 * 1024 * 1024,
  reserveBytes: 64 * 1024 * 1024,
  checkMs: 500,
} as const;

/** A default takes no more of the volume than this part of it. */
const SHARE = 16;

/** Fills in what was left out. */
export function storeOptions(options: EmbeddedEngineOptions, volume: Room): StoreOptions {
  // Some volumes, of networks for example, do not tell their size.
  const share = volume.totalBytes > 0 ? Math.floor(volume.totalBytes / SHARE) : Infinity;
  const chosen = {
    directory: options.directory,
    segmentBytes: options.segmentBytes ?? Math.min(DEFAULTS.segmentBytes, share),
    memoryBytes: options.memoryBytes ?? DEFAULTS.memoryBytes,
    ballastBytes: options.ballastBytes ?? Math.min(DEFAULTS.ballastBytes, share),
    reserveBytes: options.reserveBytes ?? Math.min(DEFAULTS.reserveBytes, share),
    checkMs: options.checkMs ?? DEFAULTS.checkMs,
  };
  if (chosen.segmentBytes > MAX_SEGMENT_BYTES) {
    throw new Error(`expected segmentBytes of at most ${MAX_SEGMENT_BYTES}, got ${chosen.segmentBytes}`);
  }
  return chosen;
}
