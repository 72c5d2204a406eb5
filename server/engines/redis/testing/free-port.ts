import net from 'node:net';

/** Below what systems hand out by themselves, so that no outgoing connection takes it in between. */
const LOWEST = 12_000;
const COUNT = 10_000;

/** Redis Cluster talks among its nodes on this much above the port of the clients. */
const BUS_OFFSET = 10_000;

/**
 * A port of 127.0.0.1 that nobody listens on at present, nor on the one of the cluster bus that belongs to it. Redis
 * reads port 0 as "off", so it has to be told one, and whoever starts it must be ready to try another.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * COUNT);
    if ((await isFree(port)) && (await isFree(port + BUS_OFFSET))) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
