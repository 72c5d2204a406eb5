import type { Headers } from '../protocol/frame.ts';
import { HEADER } from '../protocol/header-names.ts';
import type { ProtocolError } from '../protocol/protocol-error.ts';
import { badHeader } from './errors.ts';

/** What a name without any prefix is the name of. */
export type BareKind = 'queue' | 'topic';

/** Artemis' routing types, in its spelling. */
const ROUTING_TYPES: ReadonlyMap<string, BareKind> = new Map<string, BareKind>([
  ['ANYCAST', 'queue'],
  ['MULTICAST', 'topic'],
]);

/** `destination-type` of a SEND or `subscription-type` of a SUBSCRIBE: a bare name is a queue's unless it says otherwise. */
export function readRoutingType(command: 'SEND' | 'SUBSCRIBE', headers: Headers): BareKind | ProtocolError {
  const name = command === 'SEND' ? HEADER.destinationType : HEADER.subscriptionType;
  const text = headers.get(name);
  if (text === undefined) return 'queue';
  return ROUTING_TYPES.get(text.trim()) ?? badHeader(command, name, [...ROUTING_TYPES.keys()].join(' or '), text);
}
