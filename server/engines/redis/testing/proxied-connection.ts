import type net from 'node:net';

/** Both sockets of one connection through a proxy, and the octets that wait between them. */
export class ProxiedConnection {
  readonly client: net.Socket;
  readonly server: net.Socket;
  /** Its two ends no longer mean the same: it stays a black hole. */
  hasLostOctets = false;
  readonly #toServer: Lane;
  readonly #toClient: Lane;
  readonly #forget: () => void;

  constructor(client: net.Socket, server: net.Socket, forget: () => void) {
    this.client = client;
    this.server = server;
    this.#toServer = new Lane(client, server);
    this.#toClient = new Lane(server, client);
    this.#forget = forget;
    // What an error says, the close after it says too.
    client.on('error', () => {});
    server.on('error', () => {});
  }

  passToServer(octets: Buffer, delayMs: number): void {
    this.#toServer.pass(octets, delayMs);
  }

  passToClient(octets: Buffer, delayMs: number): void {
    this.#toClient.pass(octets, delayMs);
  }

  /** One side is gone: so is the other, once it took what was written to it. Octets still on their way are lost. */
  end(): void {
    this.#clear();
    this.client.destroySoon();
    this.server.destroySoon();
  }

  cut(): void {
    this.#clear();
    // Not `resetAndDestroy`: when the other end resets at the same moment, Node 20 keeps the socket and never exits.
    this.client.destroy();
    this.server.destroy();
  }

  #clear(): void {
    this.#toServer.clear();
    this.#toClient.clear();
    this.#forget();
  }
}

/** One direction: octets leave in the order they came, each when its time has come. */
class Lane {
  readonly #from: net.Socket;
  readonly #to: net.Socket;
  #waiting: { readonly octets: Buffer; readonly dueAt: number }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(from: net.Socket, to: net.Socket) {
    this.#from = from;
    this.#to = to;
  }

  pass(octets: Buffer, delayMs: number): void {
    if (delayMs === 0 && this.#waiting.length === 0) return this.#write(octets);
    this.#waiting.push({ octets, dueAt: performance.now() + delayMs });
    if (this.#timer === undefined) this.#wait();
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = [];
  }

  #wait(): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const now = performance.now();
      while (this.#waiting[0] && this.#waiting[0].dueAt <= now) this.#write(this.#waiting.shift()!.octets);
      if (this.#waiting.length > 0) this.#wait();
    }, Math.max(1, this.#waiting[0]!.dueAt - performance.now()));
  }

  #write(octets: Buffer): void {
    if (this.#to.write(octets)) return;
    this.#from.pause();
    this.#to.once('drain', () => this.#from.resume());
  }
}
