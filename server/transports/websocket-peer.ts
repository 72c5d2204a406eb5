import { WebSocket, type RawData } from 'ws';
import { CLOSE_REASONS, type CloseReason } from '../broker/close-reason.ts';
import { SocketPeer, type Connection } from './socket-peer.ts';

/**
 * `ws` reads: masks, fragments, pings, the closing handshake. Frames out go past it, straight to the socket, since
 * they come with their headers and shared. What `ws` itself still writes there (pongs, pings, the close frame) it writes
 * at once and whole, as long as no extension is in use; so the two never cut into each other.
 */
export class PeerSocket extends WebSocket {
  peer: WebSocketPeer | undefined = undefined;

  /** Also called by `ws`, to answer a close frame or a violation. RFC 6455, 5.5.1: no data after the close frame. */
  override close(code?: number, data?: string | Buffer): void {
    this.peer?.saidGoodbye();
    super.close(code, code === CLOSE_REASONS.frameTooLarge.webSocketCode ? (data ?? CLOSE_REASONS.frameTooLarge.text) : data);
  }
}

/** The peer of one WebSocket connection. */
export class WebSocketPeer extends SocketPeer {
  readonly transport = 'websocket';
  readonly #ws: PeerSocket;
  #boundStranger: (() => void) | undefined;

  /** Before `loggedIn`, more than `maxStrangerBytes` on the socket end the connection, whatever they make up. */
  constructor(ws: PeerSocket, connection: Connection, maxStrangerBytes: number) {
    super(connection);
    this.#ws = ws;
    ws.peer = this;
    ws.on('message', onMessage);
    ws.on('close', onClose);
    const { socket } = connection;
    const limit = socket.bytesRead + maxStrangerBytes;
    this.#boundStranger = () => {
      if (this.#boundStranger && socket.bytesRead > limit) this.#tooMuch();
    };
    // Behind the listener of `ws`: a login in these very octets lifts the bound before it is looked at.
    socket.on('data', this.#boundStranger);
  }

  loggedIn(): void {
    if (this.#boundStranger) this.socket.removeListener('data', this.#boundStranger);
    this.#boundStranger = undefined;
  }

  ping(): void {
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.ping();
  }

  pause(): void {
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.pause();
  }

  resume(): void {
    this.#ws.resume();
  }

  saidGoodbye(): void {
    this.queue.seal();
  }

  protected override finish(reason: CloseReason): void {
    if (reason.webSocketCode === CLOSE_REASONS.gone.webSocketCode) {
      this.cut();
      return;
    }
    // One packet for an ERROR frame and the close frame behind it.
    this.socket.cork();
    this.#ws.close(reason.webSocketCode, reason.text);
    this.socket.uncork();
    this.#ws.resume();
  }

  protected override cut(): void {
    this.#ws.terminate();
  }

  override disconnected(): void {
    this.#boundStranger = undefined;
    super.disconnected();
  }

  /** Nothing more is kept of what a stranger sends; it is read only so that the close frame arrives. */
  #tooMuch(): void {
    this.close(CLOSE_REASONS.frameTooLarge);
    this.socket.removeAllListeners('data');
    this.socket.resume();
  }
}

// `ws` calls its listeners with the socket as `this`, so these two serve all connections.

function onMessage(this: WebSocket, data: RawData): void {
  // A Buffer, as long as nobody asks `ws` for another kind.
  if (this instanceof PeerSocket && Buffer.isBuffer(data)) this.peer?.received(data);
}

function onClose(this: WebSocket): void {
  if (this instanceof PeerSocket) this.peer?.disconnected();
}
