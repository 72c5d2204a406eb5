import { ClusterLocator } from './cluster-locator.ts';
import type { Argument, Reply } from './link.ts';
import { SentinelLocator } from './sentinel-locator.ts';
import type { Access, Endpoint, Source, Translate } from './source.ts';

/** Finds the primary that holds our keys; asked before every dialling. */
export interface Locator {
  /** Rejects when nobody knows, or when `signal` says so. Whoever is found may be wrong: ask him. */
  locate(signal: AbortSignal): Promise<Endpoint>;
}

/** One question on a connection of its own. */
export type Ask = (guide: Endpoint, access: Access, command: readonly Argument[], signal: AbortSignal) => Promise<Reply>;

/** `slot` is that of our keys, of interest in a cluster. */
export function createLocator({ topology, access }: Source, slot: number, ask: Ask): Locator {
  switch (topology.kind) {
    case 'single':
      return { locate: () => Promise.resolve(topology.endpoint) };
    case 'sentinel':
      return new SentinelLocator(topology, ask);
    case 'cluster':
      return new ClusterLocator(topology.nodes, access, slot, topology.translate, ask);
  }
}

/** An address as it was told, to the one to dial. */
export function translated(host: string, port: number, translate: Translate | undefined): Endpoint {
  return translate?.(`${host}:${port}`) ?? { host, port };
}
