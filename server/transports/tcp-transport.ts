import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import type { Log } from '../broker/log.ts';
import type { Peer, PeerListener } from '../broker/peer.ts';
import type { Timers } from '../lib/timers.ts';
import type { WireFrame } from '../protocol/wire-frame.ts';
import { OpenPeers, type DrainOptions } from './open-peers.ts';
import { OutboundTurn } from './outbound-turn.ts';
import { isLoopback } from './remote-address.ts';
import { TcpPeer } from './tcp-peer.ts';

export interface TcpTransportOptions {
  /** The broker's door: gives each new connection its session. */
  readonly accept: (peer: Peer) => PeerListener;
  readonly timers: Timers;
  readonly log: Log;
  /** Of this transport; further ones are cut. */
  readonly maxConnections: number;
  /** Ms a client may take to close its end before it is cut. */
  readonly lingerMs: number;
  /** Key and certificate; with them all connections are TLS. */
  readonly tls?: TlsOptions;
}

/** Silence after which the system itself asks whether the other side is there: for clients without heart-beats. */
const KEEP_ALIVE_MS = 30_000;

const TLS_HANDSHAKE_MS = 10_000;

/** STOMP over TCP or TLS. */
export class TcpTransport {
  readonly #options: TcpTransportOptions;
  readonly #turn = new OutboundTurn((frame: WireFrame) => frame.head);
  readonly #peers: OpenPeers;
  readonly #server: Server;
  #isAccepting = true;
  #closed: Promise<void> | undefined = undefined;

  constructor(options: TcpTransportOptions) {
    this.#options = options;
    this.#peers = new OpenPeers(options.timers);
    // A client that has closed its half only still gets what stands ready for it.
    const sockets = { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS, allowHalfOpen: true };
    this.#server = options.tls
      ? createTlsServer({ handshakeTimeout: TLS_HANDSHAKE_MS, ...options.tls, ...sockets }, this.#accept)
      : createServer(sockets, this.#accept);
    this.#server.maxConnections = options.maxConnections;
    this.#server.on('drop', this.#onDrop);
    this.#server.on('tlsClientError', this.#onHandshakeError);
  }

  get connectionCount(): number {
    return this.#peers.count;
  }

  /** Resolves with the address in force (port 0 picks one); rejects with the system's error, e.g. `EADDRINUSE`. */
  async listen(port: number, host: string): Promise<AddressInfo> {
    const server = this.#server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        server.off('error', reject);
        server.on('error', this.#onError);
        resolve();
      });
    });
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('Expected a TCP server to have an address and a port');
    return address;
  }

  /** Takes no more connections; those who are here stay. */
  stopAccepting(): void {
    this.#isAccepting = false;
    if (this.#server.listening) this.#server.close();
  }

  /**
   * Takes no more connections, says goodbye to all peers and resolves when they are gone, at the latest after the sum
   * of both spans. Idempotent.
   */
  close(options: DrainOptions): Promise<void> {
    this.stopAccepting();
    return (this.#closed ??= this.#drain(options));
  }

  async #drain(options: DrainOptions): Promise<void> {
    await this.#peers.drain(options);
  }

  readonly #accept = (socket: Socket): void => {
    if (!this.#isAccepting) {
      // Its handshake ended after the door was closed.
      socket.destroy();
      return;
    }
    const peer = new TcpPeer({ socket, isLocal: isLoopback(socket), turn: this.#turn, peers: this.#peers }, this.#options);
    peer.listen(this.#options.accept(peer));
  };

  readonly #onDrop = (): void => {
    this.#options.log.warn({ event: 'connection-refused', reason: `${this.#options.maxConnections} connections are open` });
  };

  readonly #onHandshakeError = (error: Error): void => {
    this.#options.log.info({ event: 'tls-handshake-failed', reason: error.message });
  };

  readonly #onError = (error: Error): void => {
    this.#options.log.error({ event: 'tcp-server-error', reason: error.message });
  };
}
