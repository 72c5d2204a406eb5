import type { EngineHealth } from '../../broker/engine.ts';
import { FORGOTTEN_EARLY } from '../state/repeats.ts';
import type { Store } from './store.ts';

/** What an operator wants to know of a store; it is out of reach until it has been opened. */
export function healthOf(store: Store | undefined): EngineHealth {
  if (!store) return { state: 'down', warnings: [], facts: {} };
  const { journal, room, residents, state, commits } = store;
  return {
    state: commits.isOver ? 'failed' : 'up',
    warnings: [...warningsOf(room), ...(state.repeats.forgottenEarly > 0 ? [FORGOTTEN_EARLY] : [])],
    facts: {
      segments: journal.segmentCount,
      journalBytes: journal.totalBytes,
      neededBytes: journal.liveBytes,
      queuedBytes: state.bytes,
      logBytes: state.logs.bytes,
      usedKeys: state.repeats.size,
      ...state.durables.facts,
      memoryBytes: residents.bytes,
      flushes: commits.flushCount,
    },
  };
}

function warningsOf({ isOpen, isSpent }: Store['room']): string[] {
  if (isSpent) {
    return ['The volume of the data folder is full: SENDs to queues are refused, and acknowledging lives on the last reserve. Free some room.'];
  }
  if (!isOpen) return ['The volume of the data folder has little room left: SENDs to queues are refused until there is more.'];
  return [];
}
