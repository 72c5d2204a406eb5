import type { WireFrame } from '../protocol/wire-frame.ts';
import type { CloseReason } from './close-reason.ts';

/**
 * PORT. A session's view of its socket; the transports give it a body. Nothing here ever waits: `send` queues,
 * the transport writes once per turn of the event loop, and the broker decides by `bufferedBytes` what to offer.
 */
export interface Peer {
  readonly transport: 'websocket' | 'tcp';
  /** For logs: address and port of the other side. */
  readonly remoteAddress: string;
  /** The other side is this very machine, and no proxy stands between. */
  readonly isLocal: boolean;
  /** Octets received so far, half frames and pongs included: any of them is a sign of life. */
  readonly receivedBytes: number;
  /** Octets queued here or in the socket, not yet taken by the operating system. */
  readonly bufferedBytes: number;
  /** Octets among them of live topic traffic, which a slow consumer is judged by. */
  readonly bufferedLiveBytes: number;
  /** Ms the oldest of them has waited; 0 when there are none. */
  readonly oldestLiveAgeMs: number;

  /** Queues a frame. `taken` runs once its octets were accepted by the operating system; never after a failed socket. */
  send(frame: WireFrame, taken?: () => void): void;
  /** As `send`, for a message of a topic: counted as live traffic. */
  sendLive(frame: WireFrame): void;
  /** Queues one LF. */
  sendBeat(): void;
  /** Offers what is queued to the socket now instead of at the end of the turn. */
  flush(): void;
  /** The session is connected: the bounds for strangers no longer apply. */
  loggedIn(): void;
  /** Asks for a sign of life below STOMP, where the transport can. */
  ping(): void;
  /** Stops and starts reading the socket. Idempotent. */
  pause(): void;
  resume(): void;
  /** Writes what is queued, then closes; lingers a short while, then cuts. Idempotent. */
  close(reason: CloseReason): void;
  /** Cuts the socket at once. */
  destroy(reason: CloseReason): void;
}

/** What a transport tells the session it feeds. */
export interface PeerListener {
  /** Bytes in any cut. */
  receive(chunk: Buffer): void;
  /** The queue fell below the low-water mark after it had been above. */
  drained(): void;
  /** The socket is gone, whoever closed it. Once, and the last call. */
  disconnected(): void;
}
