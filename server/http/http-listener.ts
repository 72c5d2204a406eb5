import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An HTTP server of our own. */
export class HttpListener {
  readonly server: Server;

  constructor(app: RequestListener) {
    this.server = createServer(app);
  }

  /** Resolves with the address in force (port 0 picks one); rejects with the system's error, e.g. `EADDRINUSE`. */
  async listen(port: number, host: string): Promise<AddressInfo> {
    const { server } = this;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        server.off('error', reject);
        resolve();
      });
    });
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('Expected an HTTP server to have an address and a port');
    return address;
  }

  /**
   * Takes no more connections and cuts those that are left: `close` alone would wait for every browser that keeps its
   * connection for later. Upgraded sockets are not among them; their transport has ended those.
   */
  async close(): Promise<void> {
    const { server } = this;
    if (!server.listening) return;
    await new Promise<void>((resolve, reject) => {
      server.close((error) => {
        if (error) reject(error);
        else resolve();
      });
      server.closeAllConnections();
    });
  }
}
