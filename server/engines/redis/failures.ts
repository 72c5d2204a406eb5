import type { Failure } from '../../broker/engine.ts';

/** Every way in which this engine says no. */
export const notHeld: Failure = Object.freeze({
  code: 'not-held',
  certainty: 'not-stored',
  detail: 'Expected every message of the group to be held by this node; one was settled, given back or never claimed.',
});

export const chainBroken: Failure = Object.freeze({
  code: 'chain-broken',
  certainty: 'not-stored',
  detail: 'An earlier frame of this session failed, so this one was not applied.',
});

export const memoryLimit: Failure = Object.freeze({
  code: 'memory-limit',
  certainty: 'not-stored',
  detail: 'Redis has reached its maxmemory. Consume what is queued, or give it more; then send again.',
});

export const unreachable: Failure = Object.freeze({
  code: 'store-unreachable',
  certainty: 'not-stored',
  detail: 'Redis could not be reached in time; nothing was stored. Send again.',
});

/** For what was on its way when the link was lost. */
export const outcomeUnknown: Failure = Object.freeze({
  code: 'store-unreachable',
  certainty: 'outcome-unknown',
  detail: 'Redis did not answer in time; it may or may not have stored this. Send again with a duplicate id.',
});

/** For a group that Redis itself stumbled over. */
export const refused = (reason: string): Failure => ({
  code: 'store-failed',
  certainty: 'outcome-unknown',
  detail: `Redis answered with an error: ${reason}`,
});

export const closed: Failure = Object.freeze({
  code: 'store-failed',
  certainty: 'not-stored',
  detail: 'The store of this node is closed; nothing was stored.',
});
