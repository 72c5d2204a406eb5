import type { NextFunction, Request, Response } from 'express';

/** A host with or without a port, and nothing that could end a directive. */
const HOST = /^[\w.-]+(:\d+)?$|^\[[\da-fA-F:.]+\](:\d+)?$/;

/**
 * Pages load from here only, run no inline script and are framed by nobody. Set by hand: half a dozen lines that are
 * ours to read. The socket's address stands beside 'self', since not every browser counts ws: of the same host as self.
 */
export function securityHeaders(request: Request, response: Response, next: NextFunction): void {
  const { host = '' } = request.headers;
  const sockets = HOST.test(host) ? ` ws://${host} wss://${host}` : '';
  response.set({
    'Content-Security-Policy':
      `default-src 'self'; connect-src 'self'${sockets}; img-src 'self' data:; object-src 'none'; ` +
      "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
  });
  next();
}
