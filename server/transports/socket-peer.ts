import type { Socket } from 'node:net';
import type { CloseReason } from '../broker/close-reason.ts';
import type { Peer, PeerListener } from '../broker/peer.ts';
import { HEADROOM, WireFrame } from '../protocol/wire-frame.ts';
import type { OpenPeers } from './open-peers.ts';
import { OutboundQueue } from './outbound-queue.ts';
import type { OutboundTurn } from './outbound-turn.ts';
import { remoteAddressOf } from './remote-address.ts';

/** STOMP 1.2, Heart-beating: an EOL. One frame for all connections, as any other frame is. */
const BEAT = new WireFrame(Buffer.from([...new Uint8Array(HEADROOM), 0x0a]), true);

/** What a connection is born with. */
export interface Connection {
  readonly socket: Socket;
  readonly isLocal: boolean;
  /** What its transport writes together. */
  readonly turn: OutboundTurn;
  /** The books of its transport: from `listen` to `disconnected` it stands there. */
  readonly peers: OpenPeers;
}

/** What peers over any socket have in common: the way out, the counts, and the line to the session. */
export abstract class SocketPeer implements Peer {
  abstract readonly transport: 'websocket' | 'tcp';
  readonly remoteAddress: string;
  readonly isLocal: boolean;
  protected readonly socket: Socket;
  protected readonly queue: OutboundQueue;
  readonly #peers: OpenPeers;
  #listener: PeerListener | undefined = undefined;
  #isClosing = false;

  constructor({ socket, isLocal, turn, peers }: Connection) {
    this.socket = socket;
    this.remoteAddress = remoteAddressOf(socket);
    this.isLocal = isLocal;
    this.#peers = peers;
    this.queue = new OutboundQueue(socket, turn, this);
  }

  get receivedBytes(): number {
    return this.socket.bytesRead;
  }

  get bufferedBytes(): number {
    return this.queue.bufferedBytes;
  }

  get bufferedLiveBytes(): number {
    return this.queue.bufferedLiveBytes;
  }

  get oldestLiveAgeMs(): number {
    return this.queue.oldestLiveAgeMs;
  }

  send(frame: WireFrame, taken?: () => void): void {
    this.queue.push(frame, false, taken);
  }

  sendLive(frame: WireFrame): void {
    this.queue.push(frame, true);
  }

  sendBeat(): void {
    this.queue.push(BEAT, false);
  }

  flush(): void {
    this.queue.flush();
  }

  close(reason: CloseReason): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.finish(reason);
  }

  destroy(_reason: CloseReason): void {
    this.#isClosing = true;
    this.cut();
  }

  abstract loggedIn(): void;
  abstract ping(): void;
  abstract pause(): void;
  abstract resume(): void;
  /** Flushes, says goodbye, lingers, cuts. Called once. */
  protected abstract finish(reason: CloseReason): void;
  protected abstract cut(): void;

  // ---- what the socket says ----------------------------------------------------------------------------------------

  /** Whom to tell from now on. The transport calls it once, before anything can have come. */
  listen(listener: PeerListener): void {
    this.#listener = listener;
    this.#peers.add(this);
  }

  /** After a goodbye nothing is heard any more: it is read only so that the other side gets that goodbye. */
  received(chunk: Buffer): void {
    if (!this.#isClosing) this.#listener?.receive(chunk);
  }

  drained(): void {
    if (!this.#isClosing) this.#listener?.drained();
  }

  disconnected(): void {
    const listener = this.#listener;
    this.#isClosing = true;
    this.#listener = undefined;
    this.queue.discard();
    this.#peers.delete(this);
    listener?.disconnected();
  }
}
