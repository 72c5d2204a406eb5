import type { Frame } from '../protocol/frame.ts';
import type { ProtocolError } from '../protocol/protocol-error.ts';
import { EngineError } from './engine.ts';
import { engineFailure, internalError } from './errors.ts';
import { handlerFor, type Handled } from './handlers/index.ts';
import type { Session } from './session.ts';

/** What a waiting frame counts besides its body. */
const FRAME_BYTES = 256;

/**
 * Starts a session's frames strictly in order. *Free*: a frame is handled as it comes. *Held*: a handler has returned a
 * promise (an undecided authorisation, or a frame that waits for earlier groups), and the frames behind it wait here,
 * counted against the caps that pause the socket. Nobody else waits for them.
 */
export class Inbox {
  readonly #session: Session;
  #isHeld = false;
  #frames: Frame[] = [];
  #bytes = 0;

  constructor(session: Session) {
    this.#session = session;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Frames that wait, and what they count. */
  get count(): number {
    return this.#frames.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  readonly take = (frame: Frame): void => {
    if (!this.#isHeld) {
      this.#start(frame);
      return;
    }
    this.#frames.push(frame);
    this.#bytes += frame.body.length + FRAME_BYTES;
    this.#session.submissions.pauseIfOver();
  };

  /** Forgets the frames that wait: the session will not hear them. */
  clear(): void {
    this.#frames = [];
    this.#bytes = 0;
  }

  #start(frame: Frame): void {
    const handled = this.#handle(frame);
    if (handled === undefined) return;
    if (!(handled instanceof Promise)) {
      this.#session.refuse(handled, frame);
      return;
    }
    this.#isHeld = true;
    handled.then(
      (error) => {
        this.#goOn(frame, error ?? undefined);
      },
      (error: unknown) => {
        this.#goOn(frame, this.#failed(frame, error));
      },
    );
  }

  /** A handler that throws harms its own session only. */
  #handle(frame: Frame): Handled {
    try {
      return handlerFor(frame.command, this.#session.state)(this.#session, frame);
    } catch (error) {
      return this.#failed(frame, error);
    }
  }

  #failed(frame: Frame, error: unknown): ProtocolError {
    if (error instanceof EngineError) return engineFailure(error.failure);
    const { broker, id } = this.#session;
    broker.log.error({ event: 'handler-failed', session: id, command: frame.command, error });
    return internalError();
  }

  #goOn(frame: Frame, error: ProtocolError | undefined): void {
    this.#isHeld = false;
    if (error) this.#session.refuse(error, frame);
    let next: Frame | undefined;
    while (!this.#isHeld && (next = this.#frames.shift())) {
      this.#bytes -= next.body.length + FRAME_BYTES;
      this.#start(next);
    }
    if (!this.#isHeld) this.#session.caughtUp();
    this.#session.submissions.resumeIfUnder();
  }
}
