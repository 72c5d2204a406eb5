import type { Keys } from './keys.ts';
import type { Argument, Link, Reply } from './link/link.ts';
import { argumentsOf, loadScript, type Given, type Script } from './script.ts';

/** Every script there is, one a verb; what each takes, returns and guarantees stands at its head. */
export const SCRIPTS = {
  apply: loadScript('apply', ['node', 'lane', 'number', 'puts', 'grows', 'version', 'capacity'], 'and more'),
  barrier: loadScript('barrier', []),
  beat: loadScript('beat', ['node', 'lease', 'info', 'heardCommands', 'spoken']),
  browse: loadScript('browse', ['queue', 'place', 'skip', 'limit']),
  claim: loadScript('claim', ['node', 'number', 'queue', 'want', 'maxBytes'], 'and more'),
  claimDead: loadScript('claim-dead', ['node', 'number', 'limit', 'maxBytes']),
  endHold: loadScript('end-hold', ['queue', 'holder']),
  heal: loadScript('heal', ['node', 'generation', 'id']),
  hold: loadScript('hold', [
    'node', 'queue', 'holder', 'evicted', 'pattern', 'selector', 'isNoLocal', 'isShared', 'maxMessages', 'maxBytes', 'maxAgeMs', 'expireAfterMs', 'terms',
  ]),
  interest: loadScript('interest', ['node', 'number'], 'and more'),
  leave: loadScript('leave', ['node', 'number', 'queue']),
  look: loadScript('look', ['queue', 'after', 'limit']),
  lookAway: loadScript('look-away', ['node', 'queue']),
  nodes: loadScript('nodes', []),
  open: loadScript('open', ['node', 'isJoining', 'info', 'spoken']),
  pull: loadScript('pull', ['node', 'queue', 'cursor', 'to'], 'and more'),
  queues: loadScript('queues', ['cursor']),
  readHeld: loadScript('read-held', ['node', 'queue', 'seq']),
  readLog: loadScript('read-log', ['topic', 'epoch', 'place', 'limit']),
  reap: loadScript('reap', ['node', 'lease', 'limit']),
  reconcile: loadScript('reconcile', ['node', 'number', 'queue'], 'and more'),
  show: loadScript('show', ['node', 'queue', 'limit', 'maxBytes'], 'and more'),
  subscriptions: loadScript('subscriptions', ['cursor']),
  take: loadScript('take', ['node', 'number', 'queue'], 'and more'),
  tell: loadScript('tell', ['node', 'command']),
  unsubscribe: loadScript('unsubscribe', ['queue', 'holder']),
  wildcards: loadScript('wildcards', ['since']),
} as const satisfies Record<string, Script>;

/** Runs a script for the cluster of those keys; `more` where it takes any. Rejects as `link.run`. */
export function call<Name extends string>(
  link: Pick<Link, 'run'>,
  keys: Keys,
  script: Script<Name>,
  given: Given<NoInfer<Name>>,
  more: readonly Argument[] = [],
): Promise<Reply> {
  return link.run(script, keys.nodes, [...argumentsOf(script, given), ...more]);
}
