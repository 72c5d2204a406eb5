import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';

/** For logs. A socket of another kind (a Unix domain socket) has no address. */
export function remoteAddressOf(socket: Socket): string {
  const { remoteAddress, remotePort } = socket;
  if (remoteAddress === undefined) return 'unknown';
  return remoteAddress.includes(':') ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
}

/** Whether the other end of the socket is this very machine, proxies left aside. */
export function isLoopback(socket: Socket): boolean {
  const { remoteAddress } = socket;
  return remoteAddress !== undefined && (remoteAddress === '::1' || /^(?:::ffff:)?127\.\d+\.\d+\.\d+$/.test(remoteAddress));
}

/** Headers that no client sends by itself: a proxy stands between, and its own address tells nothing. */
export function cameThroughProxy(headers: IncomingHttpHeaders): boolean {
  for (const name in headers) {
    if (name === 'forwarded' || name === 'via' || name === 'x-real-ip' || name.startsWith('x-forwarded-')) return true;
  }
  return false;
}
