import type { Failure } from '../../broker/engine.ts';

/** Every way in which this engine says no. */
export const diskFull: Failure = Object.freeze({
  code: 'disk-full',
  certainty: 'not-stored',
  detail: 'The disk of the broker has no room for new messages. Free some, or consume what is queued; then send again.',
});

export const chainBroken: Failure = Object.freeze({
  code: 'chain-broken',
  certainty: 'not-stored',
  detail: 'An earlier frame of this session failed, so this one was not applied.',
});

export const tooLarge: Failure = Object.freeze({
  code: 'memory-limit',
  certainty: 'not-stored',
  detail: 'The group is larger than the store can write at once. Send fewer or smaller messages in a transaction.',
});

/** For what never reached the disk. */
export const notStored: Failure = Object.freeze({
  code: 'store-failed',
  certainty: 'not-stored',
  detail: 'The store of the broker has failed or is closed; nothing was stored.',
});

/** For what was on its way to the disk when it failed. */
export const outcomeUnknown: Failure = Object.freeze({
  code: 'store-failed',
  certainty: 'outcome-unknown',
  detail: 'The store of the broker failed while this was being written; it may or may not be there after a restart.',
});
