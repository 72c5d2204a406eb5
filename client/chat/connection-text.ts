import type { LinkState } from './link.ts';

/** What the page says about its connection. */
export interface ConnectionText {
  readonly tone: 'good' | 'busy' | 'bad';
  /** For the pill in the head. */
  readonly short: string;
  /** For the bar and for screen readers; '' when all is well. */
  readonly long: string;
}

export function connectionText(state: LinkState, now: number): ConnectionText {
  switch (state.name) {
    case 'connected':
      return { tone: 'good', short: 'Connected', long: '' };
    case 'connecting':
      return state.isFirst
        ? { tone: 'busy', short: 'Connecting', long: 'Connecting to the broker.' }
        : { tone: 'busy', short: 'Reconnecting', long: `Trying to reach the broker again. ${WRITE_ON}` };
    case 'waiting': {
      const seconds = Math.max(1, Math.ceil((state.retryAt - now) / 1_000));
      const cause = state.cause === '' ? 'The broker cannot be reached.' : `The broker closed the connection: ${sentence(state.cause)}`;
      return { tone: 'bad', short: `Retry in ${seconds} s`, long: `${cause} ${WRITE_ON}` };
    }
    case 'refused':
      return { tone: 'bad', short: 'Sign-in needed', long: `The broker let nobody in: ${sentence(state.reason)}` };
    case 'closed':
      return { tone: 'bad', short: 'Not connected', long: 'Not connected.' };
  }
}

const WRITE_ON = 'Write on: your messages wait here and go out when it is back.';

function sentence(text: string): string {
  return /[.!?]$/u.test(text) ? text : `${text}.`;
}
