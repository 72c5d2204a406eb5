import type { RequestListener } from 'node:http';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { addHealthRoutes, type HealthSource } from './health.ts';
import { securityHeaders } from './security-headers.ts';

export interface HttpAppOptions extends HealthSource {
  /** Folders whose files are served as they stand; the first that has a path wins. */
  readonly folders: readonly string[];
  /** Where WebSockets are opened, and what a plain request gets there. */
  readonly webSocketPaths: readonly string[];
  readonly webSocketAnswer: RequestListener;
  /** An answer failed for a reason of ours. */
  onError(error: Error): void;
}

/** Where someone who types only the address wants to be. */
const START_PAGE = '/chat/';

/** The node over HTTP: health, pages, and a word to those who come to the WebSocket's path without an upgrade. */
export function createHttpApp(options: HttpAppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.use(securityHeaders);
  addHealthRoutes(app, options);
  app.all([...options.webSocketPaths], options.webSocketAnswer);
  app.get('/', (_request: Request, response: Response) => response.redirect(302, START_PAGE));
  for (const folder of options.folders) {
    // Names carry no hash, so a browser asks each time and mostly hears 304.
    app.use(express.static(folder, { dotfiles: 'ignore', setHeaders: (response) => response.setHeader('Cache-Control', 'no-cache') }));
  }
  app.use(notFound);
  app.use((error: unknown, request: Request, response: Response, next: NextFunction) => {
    answerError(error, request, response, next, options);
  });
  return app;
}

function notFound(request: Request, response: Response): void {
  response.status(404).type('text').send(`There is nothing at ${request.path}\n`);
}

/** Tells the log everything and the client nothing. */
function answerError(error: unknown, _request: Request, response: Response, next: NextFunction, { onError }: HttpAppOptions): void {
  onError(error instanceof Error ? error : new Error(String(error)));
  // Half an answer cannot be mended: express then cuts the connection.
  if (response.headersSent) return next(error);
  response.status(500).type('text').send('The request failed; the log of the node says why\n');
}
