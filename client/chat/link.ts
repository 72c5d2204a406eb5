import { Client, type IFrame, type IMessage, type IStompSocket, type StompHeaders } from '@stomp/stompjs';
import { DEFAULT_BACKOFF, pauseBefore, type Backoff } from './backoff.ts';
import { LOST, Receipts, UNSENT, type Outcome } from './receipts.ts';

export type LinkState =
  | { readonly name: 'closed' }
  | { readonly name: 'connecting'; readonly isFirst: boolean }
  | { readonly name: 'connected' }
  /** `retryAt` in ms since the epoch; `cause` is the broker's own word, '' when it gave none. */
  | { readonly name: 'waiting'; readonly retryAt: number; readonly cause: string }
  | { readonly name: 'refused'; readonly reason: string };

export interface Login {
  readonly login: string;
  readonly passcode: string;
}

export interface LinkOptions {
  /** Opens a WebSocket that offers these sub-protocols. */
  readonly openSocket: (protocols: string[]) => IStompSocket;
  readonly onState: (state: LinkState) => void;
  readonly backoff?: Backoff;
  readonly random?: () => number;
  /** An attempt that has not led to CONNECTED by then is given up. Default 10 s. */
  readonly connectTimeoutMs?: number;
}

/** What a subscription tells its owner. */
export interface Listener {
  onMessage(message: IMessage): void;
  /** The broker's RECEIPT came: from now on every message arrives. Again after each reconnection. */
  onInForce(): void;
  /** The broker does not allow it; it will not be asked again. */
  onRefused(reason: string): void;
}

/** A wish for a destination that outlives connections. */
export interface Kept {
  /** Resolves once the broker has let it go, or the connection is lost. */
  close(): Promise<void>;
}

/** A connection must live this long before the pauses start small again. */
const STABLE_MS = 5_000;
const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;
const HEART_BEAT_MS = 10_000;
/** Codes of an ERROR before CONNECTED that say nothing about this login. */
const PASSING = new Set(['try-later', 'shutdown', 'login-timeout', 'internal-error', 'store-failed']);

interface Wish extends Listener {
  readonly id: string;
  readonly destination: string;
  readonly headers: StompHeaders;
}

/**
 * The page's one line to the broker: @stomp/stompjs for the conversation, and around it what a page needs over several
 * connections. States: `closed` → `connecting` → `connected`; when the socket goes, `waiting` until the pause is over,
 * then `connecting` again. An ERROR in answer to CONNECT leads to `refused`, unless it names a passing trouble: knocking
 * again with the same login would only be refused again, so that state is left by `connect` alone. Every connection is a new stompjs client, since its
 * own reconnection knows neither jitter nor refusal nor subscriptions; ours puts the wished subscriptions back first.
 */
export class Link {
  readonly #options: LinkOptions;
  readonly #wishes = new Map<string, Wish>();
  #receipts = new Receipts();
  /** What came over the connection at hand: only this can be settled. */
  #received = new WeakSet<IMessage>();
  #state: LinkState = { name: 'closed' };
  #client: Client | undefined;
  #login: Login | undefined;
  /** What the state waits for at most: the answer while connecting, the end of the pause while waiting. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #connectedAt = 0;
  #error = '';
  #wishCount = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  get isConnected(): boolean {
    return this.#state.name === 'connected';
  }

  /** Starts, or starts again with another login. No login means the broker's guest. */
  connect(login?: Login): void {
    this.close();
    this.#login = login;
    this.#failures = 0;
    this.#open(true);
  }

  /** Ends the pause now. Does nothing in other states. */
  retryNow(): void {
    if (this.#state.name === 'waiting') this.#open(false);
  }

  close(): void {
    clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = undefined;
    // The promise only says that the socket closed; nobody here waits for it, and it never rejects.
    void client?.deactivate({ force: true });
    this.#receipts.loseAll();
    this.#moveTo({ name: 'closed' });
  }

  send(destination: string, body: string, headers: StompHeaders = {}): Promise<Outcome> {
    return this.#ask((client, receipt) =>
      client.publish({ destination, body, headers: { 'content-type': 'application/json', ...headers, receipt } }),
    );
  }

  /** Acknowledges or returns a message of the connection at hand; one of an earlier connection is `lost`. */
  settle(message: IMessage, verdict: 'ack' | 'nack'): Promise<Outcome> {
    if (!this.#received.has(message)) return Promise.resolve(LOST);
    return this.#ask((_client, receipt) => (verdict === 'ack' ? message.ack({ receipt }) : message.nack({ receipt })));
  }

  subscribe(destination: string, headers: StompHeaders, listener: Listener): Kept {
    const id = `wish-${++this.#wishCount}`;
    const wish: Wish = {
      id,
      destination,
      headers,
      onMessage: (message) => listener.onMessage(message),
      onInForce: () => listener.onInForce(),
      onRefused: (reason) => listener.onRefused(reason),
    };
    this.#wishes.set(id, wish);
    if (this.isConnected) void this.#fulfil(wish);
    return { close: () => this.#forget(id) };
  }

  async #forget(id: string): Promise<void> {
    if (!this.#wishes.delete(id)) return;
    await this.#ask((client, receipt) => client.unsubscribe(id, { receipt }));
  }

  async #fulfil(wish: Wish): Promise<void> {
    const outcome = await this.#ask((client, receipt) =>
      client.subscribe(wish.destination, (message) => this.#hear(wish.id, message), { ...wish.headers, id: wish.id, receipt }),
    );
    if (!this.#wishes.has(wish.id)) return;
    if (outcome.kind === 'done') wish.onInForce();
    else if (outcome.kind === 'refused') {
      this.#wishes.delete(wish.id);
      wish.onRefused(outcome.reason);
    }
  }

  #hear(id: string, message: IMessage): void {
    this.#received.add(message);
    this.#wishes.get(id)?.onMessage(message);
  }

  #ask(transmit: (client: Client, receipt: string) => void): Promise<Outcome> {
    if (this.#client === undefined || !this.isConnected) return Promise.resolve(UNSENT);
    const { id, outcome } = this.#receipts.expect();
    try {
      transmit(this.#client, id);
    } catch {
      // stompjs throws when its socket closed a moment before it told us; the close event is on its way.
      this.#receipts.settle(id, LOST);
    }
    return outcome;
  }

  #open(isFirst: boolean): void {
    clearTimeout(this.#timer);
    this.#error = '';
    const receipts = new Receipts();
    const client = new Client({
      webSocketFactory: () => this.#options.openSocket(client.stompVersions.protocolVersions()),
      connectHeaders: this.#login ? { ...this.#login } : {},
      reconnectDelay: 0,
      heartbeatIncoming: HEART_BEAT_MS,
      heartbeatOutgoing: HEART_BEAT_MS,
      // A socket whose network vanished may not report its closing for minutes.
      discardWebsocketOnCommFailure: true,
      onConnect: () => {
        if (client === this.#client) this.#connected();
      },
      onUnhandledReceipt: (frame) => receipts.settle(frame.headers['receipt-id'] ?? '', { kind: 'done' }),
      onStompError: (frame) => {
        if (client === this.#client) this.#refused(frame);
      },
      onWebSocketClose: () => {
        if (client === this.#client) this.#lost();
      },
    });
    this.#client = client;
    this.#receipts = receipts;
    this.#received = new WeakSet();
    this.#timer = setTimeout(() => client.forceDisconnect(), this.#options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS);
    this.#moveTo({ name: 'connecting', isFirst });
    client.activate();
  }

  #connected(): void {
    clearTimeout(this.#timer);
    this.#connectedAt = Date.now();
    this.#state = { name: 'connected' };
    for (const wish of this.#wishes.values()) void this.#fulfil(wish);
    this.#options.onState(this.#state);
  }

  /** The broker closes after an ERROR, so `#lost` follows by itself. */
  #refused(frame: IFrame): void {
    const reason = errorText(frame);
    const receipt = frame.headers['receipt-id'];
    if (receipt !== undefined) this.#receipts.settle(receipt, { kind: 'refused', reason });
    this.#error = reason;
    if (this.#state.name === 'connecting' && !PASSING.has(frame.headers['code'] ?? '')) {
      clearTimeout(this.#timer);
      const client = this.#client;
      this.#client = undefined;
      void client?.deactivate({ force: true });
      // Its `message` is `Bad CONNECT` whatever was wrong; the body says it in words.
      this.#moveTo({ name: 'refused', reason: frame.body.trim() || reason });
    }
  }

  #lost(): void {
    const wasStable = this.isConnected && Date.now() - this.#connectedAt >= STABLE_MS;
    this.#failures = wasStable ? 1 : this.#failures + 1;
    this.#client = undefined;
    const pause = pauseBefore(this.#failures, this.#options.backoff ?? DEFAULT_BACKOFF, this.#options.random ?? Math.random);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#open(false), pause);
    // The state moves first: who hears that a receipt is lost may look at the state to decide what to do.
    this.#moveTo({ name: 'waiting', retryAt: Date.now() + pause, cause: this.#error });
    this.#receipts.loseAll();
  }

  #moveTo(state: LinkState): void {
    this.#state = state;
    this.#options.onState(state);
  }
}

/** RabbitMQ and we put the short text in `message` and the details in the body. */
function errorText(frame: IFrame): string {
  const message = frame.headers['message'] ?? 'The broker answered with an error';
  const detail = frame.body.trim();
  return detail === '' || detail === message ? message : `${message}: ${detail}`;
}
