import type { StompVersion } from './client-frame.ts';
import { WireViolation, type ServerFrame } from './server-frame.ts';

/**
 * What a server may send when. `opening`: CONNECTED or ERROR, not even a beat. `open`: everything but CONNECTED.
 * `failed`: nothing at all, since an ERROR went out.
 */
export class ServerOrder {
  version: StompVersion | undefined = undefined;
  #state: 'opening' | 'open' | 'failed' = 'opening';

  beat(): void {
    if (this.#state !== 'open') throw new WireViolation(`no heart-beat while ${this.#state}`, Buffer.from('\n'));
  }

  frame(frame: ServerFrame, octets: Buffer): void {
    if (this.#state === 'failed') throw new WireViolation('M8: nothing follows an ERROR', octets);
    if (frame.command === 'ERROR') {
      this.#state = 'failed';
      return;
    }
    if ((frame.command === 'CONNECTED') !== (this.#state === 'opening')) throw new WireViolation('M11: CONNECTED comes once and first', octets);
    if (frame.command !== 'CONNECTED') return;
    const version = frame.headers['version'];
    if (version !== '1.0' && version !== '1.1' && version !== '1.2') throw new WireViolation('C6: version is 1.0, 1.1 or 1.2', octets);
    this.version = version;
    this.#state = 'open';
  }
}
