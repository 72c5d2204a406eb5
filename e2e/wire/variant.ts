import type { StompVersion } from '../harness/client-frame.ts';
import { CUTS, type Cut } from '../harness/cut.ts';
import { TRANSPORTS, type Transport } from '../harness/raw-socket.ts';

/** One way to say the same thing on the wire. */
export interface Variant {
  readonly version: StompVersion;
  readonly transport: Transport;
  readonly cut: Cut;
  /** Its place among all variants: a seed, and a name that no other variant uses. */
  readonly number: number;
}

export const VERSIONS: readonly StompVersion[] = ['1.0', '1.1', '1.2'];
export const WEBSOCKETS: readonly Transport[] = ['websocket-text', 'websocket-binary'];

const ALL: readonly Variant[] = VERSIONS.flatMap((version) =>
  TRANSPORTS.flatMap((transport) => CUTS.map((cut) => ({ version, transport, cut }))),
).map((variant, number) => ({ ...variant, number }));

/** What a rule is not about, or what would take too long, is left out here; default is everything. */
export interface VariantFilter {
  readonly versions?: readonly StompVersion[];
  readonly transports?: readonly Transport[];
  readonly cuts?: readonly Cut[];
}

export function variants({ versions = VERSIONS, transports = TRANSPORTS, cuts = CUTS }: VariantFilter): Variant[] {
  return ALL.filter(({ version, transport, cut }) => versions.includes(version) && transports.includes(transport) && cuts.includes(cut));
}

export const describeVariant = ({ version, transport, cut }: Variant): string => `${version} ${transport} ${cut}`;
