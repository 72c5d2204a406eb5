import type { Request, Response, Router } from 'express';

/** What `/healthz` shows: the process answers, and this is who it is. */
export interface Health {
  readonly version: string;
  readonly node: string;
  readonly engine: string;
  /** What a RECEIPT promises here: `accepted`, `fsync` or `replica`. */
  readonly receipt: string;
}

/** A node's life as its neighbours see it: it takes new connections while it is `ready`. */
export type Readiness = 'starting' | 'ready' | 'draining' | 'failed';

export interface HealthSource {
  health(): Health;
  readiness(): Readiness;
}

/** `/healthz` for whoever restarts a stuck process, `/readyz` for whoever sends it connections. */
export function addHealthRoutes(router: Router, source: HealthSource): void {
  router.get('/healthz', (_request: Request, response: Response) => {
    response.set('Cache-Control', 'no-store').json({ status: 'ok', ...source.health() });
  });
  router.get('/readyz', (_request: Request, response: Response) => {
    const readiness = source.readiness();
    const isReady = readiness === 'ready';
    if (!isReady) response.set('Retry-After', '1');
    response
      .status(isReady ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json({ ready: isReady, state: readiness });
  });
}
