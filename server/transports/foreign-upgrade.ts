import { ServerResponse, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { refuse } from './http-refusal.ts';

export function isUpgradeToWebSocket(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket';
}

/**
 * Serves a request that offered to switch to another protocol as if it had not, which HTTP lets a server do. Without
 * a listener for upgrades Node does the same; with one, it hands over every such request, and Java's HTTP client, for
 * one, sends `Upgrade: h2c` with each first request.
 */
export function serveUnupgraded(server: Server, request: IncomingMessage, socket: Socket): void {
  const { headers } = request;
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0) {
    // Node has let go of the parser, so a body can no longer be read.
    refuse(socket, { status: 400, sentence: `Send a request with a body without 'Upgrade: ${headers.upgrade ?? ''}'.` });
    return;
  }
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once('finish', () => {
    response.detachSocket(socket);
    socket.destroySoon();
  });
  server.emit('request', request, response);
}
