import type { Socket } from 'node:net';
import { CLOSE_REASONS, type CloseReason } from '../broker/close-reason.ts';
import type { Log } from '../broker/log.ts';
import type { Timer, Timers } from '../lib/timers.ts';
import { SocketPeer, type Connection } from './socket-peer.ts';

export interface TcpPeerOptions {
  readonly timers: Timers;
  readonly log: Log;
  /** Ms the other side may take to close its end before it is cut. */
  readonly lingerMs: number;
}

/** The key a socket finds its peer by, so that one function per event serves all sockets. */
const PEER = Symbol('peer');

interface OwnedSocket extends Socket {
  [PEER]?: TcpPeer;
}

/** The peer of one TCP or TLS connection. STOMP there has no framing but its own. */
export class TcpPeer extends SocketPeer {
  readonly transport = 'tcp';
  readonly #options: TcpPeerOptions;
  #linger: Timer | undefined = undefined;

  constructor(connection: Connection, options: TcpPeerOptions) {
    super(connection);
    this.#options = options;
    const socket: OwnedSocket = connection.socket;
    socket[PEER] = this;
    socket.on('data', onData);
    socket.on('end', onEnd);
    socket.on('error', onError);
    socket.on('close', onClose);
  }

  /** The frame parser sees every octet as it comes, so its limits are all there is to bound. */
  loggedIn(): void {}

  /** TCP has no ping a program could send; keep-alive probes are the system's. */
  ping(): void {}

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  failed(error: Error): void {
    this.#options.log.debug({ event: 'socket-error', remoteAddress: this.remoteAddress, reason: error.message });
  }

  protected override finish(_reason: CloseReason): void {
    this.queue.seal();
    this.socket.end();
    this.socket.resume();
    this.#linger = this.#options.timers.after(this.#options.lingerMs, () => {
      this.cut();
    });
  }

  protected override cut(): void {
    this.socket.destroy();
  }

  override disconnected(): void {
    this.#linger?.cancel();
    super.disconnected();
  }
}

function onData(this: OwnedSocket, chunk: Buffer): void {
  this[PEER]?.received(chunk);
}

/** The other side sends no more: it gets what stands ready, then the end. */
function onEnd(this: OwnedSocket): void {
  this[PEER]?.close(CLOSE_REASONS.gone);
}

function onError(this: OwnedSocket, error: Error): void {
  this[PEER]?.failed(error);
}

function onClose(this: OwnedSocket): void {
  this[PEER]?.disconnected();
}
