import { connectionText } from '../connection-text.ts';
import type { Link, LinkState } from '../link.ts';
import { byId, setText } from './element.ts';

/** Shows the state of the link: the pill always, the bar when something is wrong. */
export class ConnectionView {
  readonly #pill = byId('connection-pill', HTMLElement);
  readonly #short = byId('connection-short', HTMLElement);
  readonly #bar = byId('connection-bar', HTMLElement);
  readonly #long = byId('connection-long', HTMLElement);
  readonly #status = byId('connection-status', HTMLElement);
  readonly #retry = byId('retry-button', HTMLButtonElement);
  #ticking: ReturnType<typeof setInterval> | undefined;
  #wasLost = false;
  #isRefused = false;

  /** `signIn`: the broker let nobody in, and someone wants to try with a login. */
  constructor(link: Link, signIn: () => void) {
    this.#retry.addEventListener('click', () => (this.#isRefused ? signIn() : link.retryNow()));
  }

  show(state: LinkState): void {
    clearInterval(this.#ticking);
    this.#draw(state);
    if (state.name === 'waiting') this.#ticking = setInterval(() => this.#draw(state), 250);
    this.#say(state);
  }

  #draw(state: LinkState): void {
    const { tone, short, long } = connectionText(state, Date.now());
    this.#pill.dataset['tone'] = tone;
    this.#bar.dataset['tone'] = tone;
    setText(this.#short, short);
    if (long !== '') setText(this.#long, long);
    // The first attempt is too short to be worth a bar.
    const isWrong = long !== '' && !(state.name === 'connecting' && state.isFirst);
    this.#bar.hidden = !isWrong;
    this.#isRefused = state.name === 'refused';
    this.#retry.hidden = state.name !== 'waiting' && !this.#isRefused;
    setText(this.#retry, this.#isRefused ? 'Sign in' : 'Try now');
  }

  /** Screen readers hear the loss and the return, not the seconds of the countdown nor each attempt. */
  #say(state: LinkState): void {
    if (state.name === 'connected') {
      setText(this.#status, this.#wasLost ? 'Connected again.' : 'Connected.');
      this.#wasLost = false;
    } else if (state.name === 'waiting' && !this.#wasLost) {
      this.#wasLost = true;
      setText(this.#status, `Connection lost. ${connectionText(state, Date.now()).long}`);
    }
  }
}
