import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type Server as WebSocketUpgrader, type ServerOptions } from 'ws';
import type { Log } from '../broker/log.ts';
import type { Peer, PeerListener } from '../broker/peer.ts';
import type { Timers } from '../lib/timers.ts';
import type { FrameLimits } from '../protocol/limits.ts';
import { chooseSubProtocol } from '../protocol/version.ts';
import { isUpgradeToWebSocket, serveUnupgraded } from './foreign-upgrade.ts';
import { refusalHeaders, refuse, type HttpRefusal } from './http-refusal.ts';
import { OpenPeers, type DrainOptions } from './open-peers.ts';
import { OutboundTurn } from './outbound-turn.ts';
import { cameThroughProxy, isLoopback } from './remote-address.ts';
import { guardUpgrade, type OriginPolicy } from './upgrade-guard.ts';
import { webSocketFrame } from './websocket-frame.ts';
import { PeerSocket, WebSocketPeer } from './websocket-peer.ts';

/** Where a node of its own listens: each path, and SockJS' raw form of it. */
export const STANDALONE_PATHS: readonly string[] = ['/ws', '/ws/websocket', '/stomp', '/stomp/websocket'];

export interface WebSocketTransportOptions {
  /** The broker's door: gives each new connection its session. */
  readonly accept: (peer: Peer) => PeerListener;
  readonly timers: Timers;
  readonly log: Log;
  /** Exact paths, without a query. */
  readonly paths: readonly string[];
  readonly origins: OriginPolicy;
  readonly framesBeforeLogin: FrameLimits;
  readonly framesAfterLogin: FrameLimits;
  /** Of this transport; closing ones count. */
  readonly maxConnections: number;
  /** Ms a connection may take to answer the close frame before it is cut. */
  readonly lingerMs: number;
}

/** A message may hold several frames, and one beyond the limit should reach the parser, which can answer by an ERROR. */
const PAYLOAD_MARGIN_BYTES = 64 * 1024;

/** What the framing of WebSocket may add to the frames of a stranger. */
const STRANGER_MARGIN_BYTES = 16 * 1024;

/** Each kept piece of an unfinished message costs some hundred octets, however short it is. */
const MAX_MESSAGE_PIECES = 16 * 1024;

const RETRY_AFTER_SECONDS = 5;

/** STOMP over WebSocket, on any number of HTTP servers; it opens and closes none of them. */
export class WebSocketTransport {
  readonly #options: WebSocketTransportOptions;
  readonly #paths: ReadonlySet<string>;
  readonly #upgrader: WebSocketUpgrader<typeof PeerSocket>;
  readonly #turn = new OutboundTurn(webSocketFrame);
  readonly #peers: OpenPeers;
  readonly #detachments: (() => void)[] = [];
  #isAccepting = true;
  #closed: Promise<void> | undefined = undefined;

  constructor(options: WebSocketTransportOptions) {
    this.#options = options;
    this.#paths = new Set(options.paths);
    this.#peers = new OpenPeers(options.timers);
    const upgrader: ServerOptions<typeof PeerSocket> & { closeTimeout: number } = {
      noServer: true,
      WebSocket: PeerSocket,
      clientTracking: false,
      // Off for good: what goes past `ws` to the socket relies on it, and zlib costs more memory than all else here.
      perMessageDeflate: false,
      maxPayload: options.framesAfterLogin.maxFrameBytes + PAYLOAD_MARGIN_BYTES,
      maxBufferedChunks: MAX_MESSAGE_PIECES,
      maxFragments: MAX_MESSAGE_PIECES,
      closeTimeout: options.lingerMs,
      // Never one that was not offered: the browser would fail the connection.
      handleProtocols: (offered) => chooseSubProtocol(offered) ?? false,
    };
    this.#upgrader = new WebSocketServer(upgrader);
  }

  get connectionCount(): number {
    return this.#peers.count;
  }

  /**
   * Hears the upgrades of `server` for the configured paths. Upgrades for other paths are left to whoever else hears
   * them. Where nobody does, or the server is ours alone (`isOwn`), a WebSocket gets 404, and anything else
   * (`Upgrade: h2c` is a mere offer) is served as the plain request it would be without us.
   */
  attach(server: Server, { isOwn }: { readonly isOwn: boolean }): void {
    const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
      if (this.#paths.has(pathOf(request))) this.#upgrade(request, socket, head);
      else if (isOwn || server.listenerCount('upgrade') === 1) this.#answerForeign(server, request, socket);
    };
    server.on('upgrade', onUpgrade);
    this.#detachments.push(() => server.off('upgrade', onUpgrade));
  }

  /** Answers a request on one of the paths that asks for no upgrade. For the HTTP application of an own server. */
  readonly handleRequest = (_request: IncomingMessage, response: ServerResponse): void => {
    const refusal = UPGRADE_REQUIRED;
    response.writeHead(refusal.status, refusalHeaders(refusal)).end(`${refusal.sentence}\n`);
  };

  /** Refuses newcomers by 503 from now on; those who are here stay. */
  stopAccepting(): void {
    this.#isAccepting = false;
  }

  /**
   * Refuses newcomers by 503 from now on, says goodbye to all peers and resolves when they are gone, at the latest
   * after the sum of both spans. Lets go of the HTTP servers then. Idempotent.
   */
  close(options: DrainOptions): Promise<void> {
    this.stopAccepting();
    return (this.#closed ??= this.#drain(options));
  }

  async #drain(options: DrainOptions): Promise<void> {
    await this.#peers.drain(options);
    for (const detach of this.#detachments) detach();
    this.#upgrader.close();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // From the first instant: Node has taken its own listener away, and an error nobody hears ends the process.
    socket.on('error', this.#onEarlyError);
    const refusal = this.#refusalOf(request);
    if (refusal) {
      this.#options.log.info({
        event: 'upgrade-refused',
        status: refusal.status,
        reason: refusal.sentence,
        origin: request.headers.origin,
      });
      refuse(socket, refusal);
      return;
    }
    this.#upgrader.handleUpgrade(request, socket, head, (ws) => {
      socket.off('error', this.#onEarlyError);
      // An HTTP server's sockets are net or TLS sockets; Node types them wider.
      this.#accept(ws, socket as Socket, request, head);
    });
  }

  #refusalOf(request: IncomingMessage): HttpRefusal | undefined {
    if (!this.#isAccepting) return unavailable('This node is shutting down; connect again.');
    const { maxConnections, origins } = this.#options;
    if (this.#peers.count >= maxConnections) return unavailable(`This node has its ${maxConnections} connections; try again later.`);
    const verdict = guardUpgrade(request.headers, origins);
    if (!verdict.allowed) return { status: 403, sentence: verdict.sentence };
    return isUpgradeToWebSocket(request) ? undefined : UPGRADE_REQUIRED;
  }

  #accept(ws: PeerSocket, socket: Socket, request: IncomingMessage, head: Buffer): void {
    const isLocal = isLoopback(socket) && !cameThroughProxy(request.headers);
    const limit = this.#options.framesBeforeLogin.maxFrameBytes + STRANGER_MARGIN_BYTES - head.length;
    const peer = new WebSocketPeer(ws, { socket, isLocal, turn: this.#turn, peers: this.#peers }, limit);
    ws.on('error', this.#onViolation);
    peer.listen(this.#options.accept(peer));
  }

  #answerForeign(server: Server, request: IncomingMessage, socket: Duplex): void {
    socket.on('error', this.#onEarlyError);
    if (isUpgradeToWebSocket(request)) refuse(socket, { status: 404, sentence: `No WebSocket is served at ${pathOf(request)}.` });
    else serveUnupgraded(server, request, socket as Socket);
  }

  readonly #onViolation = (error: Error): void => {
    // `ws` has answered by a close frame and ends the connection; its `close` follows.
    this.#options.log.info({ event: 'websocket-violation', reason: error.message });
  };

  readonly #onEarlyError = (error: Error): void => {
    // The socket destroys itself; there is nobody yet to tell but the log.
    this.#options.log.debug({ event: 'upgrade-socket-error', reason: error.message });
  };
}

const UPGRADE_REQUIRED: HttpRefusal = {
  status: 426,
  sentence: 'STOMP over WebSocket is served here; ask for an upgrade to websocket.',
  headers: { Connection: 'Upgrade, close', Upgrade: 'websocket' },
};

function unavailable(sentence: string): HttpRefusal {
  return { status: 503, sentence, headers: { 'Retry-After': RETRY_AFTER_SECONDS } };
}

function pathOf(request: IncomingMessage): string {
  const url = request.url ?? '';
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}
