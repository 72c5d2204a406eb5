import { once } from 'node:events';
import net from 'node:net';
import { ProxiedConnection } from './proxied-connection.ts';

/** Where a proxy leads: a port of 127.0.0.1, or a Unix socket. */
export type ProxyTarget = { readonly port: number } | { readonly path: string };

/** Starts a proxy on a free port of 127.0.0.1 in front of a server, to do to its connections what networks do. */
export async function startTcpProxy(target: ProxyTarget): Promise<TcpProxy> {
  const proxy = new TcpProxy(target);
  await proxy.listen();
  return proxy;
}

/**
 * Passes octets on, until told otherwise:
 *
 * - `cut`: every connection is closed at once, whatever was still on its way; new ones are taken.
 * - `blackHole`: connections are taken and stay, their octets vanish, both ways, and so does their end.
 * - `delay`: octets arrive later, in their order.
 * - `refuse`: new connections are refused; those there are stay.
 *
 * `cutOne` and `blackHoleOne` do it to a single connection, which keeps it.
 *
 * `heal` takes all of it back. A connection that lost octets stays a black hole then: its two ends would no longer
 * mean the same.
 */
export class TcpProxy {
  readonly #target: ProxyTarget;
  readonly #connections = new Set<ProxiedConnection>();
  #server: net.Server | undefined;
  #port = 0;
  #isBlackHole = false;
  #delayMs = 0;
  #connectionCount = 0;
  #toServerBytes = 0;
  #fromServerBytes = 0;

  constructor(target: ProxyTarget) {
    this.#target = target;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`;
  }

  /** Octets that came from clients, those included that vanished. */
  get toServerBytes(): number {
    return this.#toServerBytes;
  }

  /** Octets that came from the server, those included that vanished. */
  get fromServerBytes(): number {
    return this.#fromServerBytes;
  }

  /** Connections taken so far. */
  get connectionCount(): number {
    return this.#connectionCount;
  }

  get openCount(): number {
    return this.#connections.size;
  }

  async listen(): Promise<void> {
    const server = net.createServer({ noDelay: true }, (client) => this.#take(client));
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#server = server;
    this.#port = (server.address() as net.AddressInfo).port;
  }

  cut(): void {
    for (const connection of this.#connections) connection.cut();
  }

  /** The connection that reaches the server from this port, as CLIENT LIST shows it; false if there is none (any more). */
  cutOne(serverPort: number): boolean {
    return this.#atOne(serverPort, (connection) => connection.cut());
  }

  blackHole(): void {
    this.#isBlackHole = true;
  }

  /** As `cutOne`. */
  blackHoleOne(serverPort: number): boolean {
    return this.#atOne(serverPort, (connection) => (connection.hasLostOctets = true));
  }

  /** From which the server is reached. */
  get serverPorts(): number[] {
    return [...this.#connections].map(({ server }) => server.localPort ?? 0);
  }

  /** Octets from now on arrive `ms` later. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  refuse(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  async heal(): Promise<void> {
    this.#isBlackHole = false;
    this.#delayMs = 0;
    if (!this.#server) await this.listen();
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.cut();
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  #atOne(serverPort: number, act: (connection: ProxiedConnection) => void): boolean {
    const found = [...this.#connections].find(({ server }) => server.localPort === serverPort);
    if (found) act(found);
    return found !== undefined;
  }

  #take(client: net.Socket): void {
    this.#connectionCount++;
    const connection = new ProxiedConnection(client, net.connect({ ...this.#target, noDelay: true }), () => this.#connections.delete(connection));
    this.#connections.add(connection);
    const { server } = connection;
    client.on('data', (octets) => {
      this.#toServerBytes += octets.length;
      if (!this.#swallows(connection)) connection.passToServer(octets, this.#delayMs);
    });
    server.on('data', (octets) => {
      this.#fromServerBytes += octets.length;
      if (!this.#swallows(connection)) connection.passToClient(octets, this.#delayMs);
    });
    for (const end of [client, server]) {
      end.once('close', () => {
        if (!this.#isBlackHole && !connection.hasLostOctets) connection.end();
      });
    }
  }

  #swallows(connection: ProxiedConnection): boolean {
    if (this.#isBlackHole) connection.hasLostOctets = true;
    return connection.hasLostOctets;
  }
}
