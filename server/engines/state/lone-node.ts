import type { EngineEvents, NodeInfo, NodeSelf } from '../../broker/engine.ts';

/** The directory of a store that one node has for itself: that node. */
export class LoneNode {
  readonly #self: NodeSelf;
  readonly #events: Pick<EngineEvents, 'onCommand'>;
  readonly #startedAt = Date.now();
  #isClosed = false;

  constructor(self: NodeSelf, events: Pick<EngineEvents, 'onCommand'>) {
    this.#self = self;
    this.#events = events;
  }

  infos(): NodeInfo[] {
    const { id, version } = this.#self;
    return [{ id, version, startedAt: this.#startedAt, seenAt: Date.now(), ...this.#self.load() }];
  }

  /** Hands the command over after the call has returned; false if it is for somebody else, whom nobody knows. */
  tell(node: string, command: string): boolean {
    if (node !== this.#self.id || this.#isClosed) return false;
    queueMicrotask(() => {
      if (!this.#isClosed) this.#events.onCommand(command);
    });
    return true;
  }

  /** Nothing is handed over from now on. */
  close(): void {
    this.#isClosed = true;
  }
}
