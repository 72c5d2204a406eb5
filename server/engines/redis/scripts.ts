import { loadScript, type Script } from './script.ts';

/** Every script there is, one a verb; what each takes, returns and guarantees stands at its head. */
export const SCRIPTS = {
  apply: loadScript('apply'),
  barrier: loadScript('barrier'),
  beat: loadScript('beat'),
  browse: loadScript('browse'),
  claim: loadScript('claim'),
  heal: loadScript('heal'),
  interest: loadScript('interest'),
  leave: loadScript('leave'),
  nodes: loadScript('nodes'),
  open: loadScript('open'),
  queues: loadScript('queues'),
  readHeld: loadScript('read-held'),
  readLog: loadScript('read-log'),
  reap: loadScript('reap'),
  reconcile: loadScript('reconcile'),
  tell: loadScript('tell'),
  wildcards: loadScript('wildcards'),
} as const satisfies Record<string, Script>;
