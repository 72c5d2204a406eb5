import type { HeartBeatTerms } from '../protocol/heart-beat.ts';
import type { Timer, Timers } from '../lib/timers.ts';
import type { Peer } from './peer.ts';

export interface HeartBeatMonitorOptions {
  readonly peer: Peer;
  readonly timers: Timers;
  readonly terms: HeartBeatTerms;
  /** How often a connection that promised no heart-beats is asked for a sign of life. */
  readonly idlePingMs: number;
  /** Nothing came for more than twice the interval. */
  readonly onSilence: (intervalMs: number) => void;
}

/** A beat leaves at the second tick without data, so never later than 0.9 of the interval after the last octet. */
const TICKS_OF_SEND = 0.45;

/** The wheel of timers rounds up by as much. */
const LATENESS_MS = 50;

/** Silence is measured in halves of an interval: a ping after two, dead after four, so at 2 to 2.5 intervals. */
const TICKS_OF_EXPECT = 0.5;

/**
 * Keeps the promises of `heart-beat` in both directions. Any received octet is a sign of life: pongs and halves of
 * frames too. So a page in the background, whose timers the browser holds back, stays connected as long as the browser
 * itself answers pings. Sending a frame only sets a flag here; the clock is read by two coarse timers.
 */
export class HeartBeatMonitor {
  readonly #peer: Peer;
  readonly #timers: Timers;
  readonly #onSilence: (intervalMs: number) => void;
  readonly #sendTickMs: number;
  readonly #expectMs: number;
  readonly #isPromised: boolean;
  #sendTimer: Timer | undefined;
  #expectTimer: Timer | undefined;
  #hasSent = true;
  #receivedBytes = -1;
  #silentTicks = 0;
  #isReading = true;

  constructor(options: HeartBeatMonitorOptions) {
    this.#peer = options.peer;
    this.#timers = options.timers;
    this.#onSilence = options.onSilence;
    this.#sendTickMs = Math.max(0, options.terms.sendEveryMs * TICKS_OF_SEND - LATENESS_MS);
    this.#isPromised = options.terms.expectEveryMs > 0;
    this.#expectMs = this.#isPromised ? options.terms.expectEveryMs : options.idlePingMs;
  }

  start(): void {
    if (this.#sendTickMs > 0) this.#armSend();
    // Without a promise only a transport with pings can tell a dead connection from a quiet one.
    if (this.#isPromised || this.#peer.transport === 'websocket') this.#armExpect();
  }

  /** Something was queued for the client. */
  sent(): void {
    this.#hasSent = true;
  }

  /** Whether the socket is read at all: silence of one that is not means nothing. */
  reading(isReading: boolean): void {
    this.#isReading = isReading;
    this.#silentTicks = 0;
  }

  stop(): void {
    this.#sendTimer?.cancel();
    this.#expectTimer?.cancel();
  }

  #armSend(): void {
    this.#sendTimer = this.#timers.after(this.#sendTickMs, () => {
      if (!this.#hasSent) this.#peer.sendBeat();
      // A beat counts as sent itself, so beats of an idle connection are two ticks apart.
      this.#hasSent = !this.#hasSent;
      this.#armSend();
    });
  }

  #armExpect(): void {
    this.#expectTimer = this.#timers.after(this.#expectMs * TICKS_OF_EXPECT, () => {
      const { receivedBytes } = this.#peer;
      if (this.#isReading && receivedBytes === this.#receivedBytes) this.#silentTicks++;
      else this.#silentTicks = 0;
      this.#receivedBytes = receivedBytes;
      if (this.#silentTicks >= 4) {
        this.#onSilence(this.#expectMs);
        return;
      }
      if (this.#silentTicks === 2) this.#peer.ping();
      this.#armExpect();
    });
  }
}
