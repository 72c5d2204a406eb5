import type { Request, Response, Router } from 'express';
import type { EngineHealth } from '../broker/engine.ts';

/** What `/healthz` shows: the process answers, and this is who it is. */
export interface Health {
  readonly version: string;
  readonly node: string;
  readonly engine: string;
  /** What a RECEIPT promises here: `accepted`, `fsync` or `replica`. */
  readonly receipt: string;
  /** How the store is, what about it can lose data or surprise, and what else is known of it. */
  readonly store: EngineHealth;
}

/**
 * A node's life as its neighbours see it: it takes new connections while it is `ready`. With `store-down` its sessions
 * stay, but new ones are better sent to a node that reaches the store.
 */
export type Readiness = 'starting' | 'ready' | 'store-down' | 'draining' | 'failed';

export interface HealthSource {
  health(): Health;
  readiness(): Readiness;
}

/** `/healthz` for whoever restarts a stuck process, `/readyz` for whoever sends it connections. */
export function addHealthRoutes(router: Router, source: HealthSource): void {
  router.get('/healthz', (_request: Request, response: Response) => {
    const health = source.health();
    response.set('Cache-Control', 'no-store').json({ status: statusOf(health.store), ...health });
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

/** The process is well in both cases, so the answer is 200: restarting it would mend nothing. */
function statusOf({ state, warnings }: EngineHealth): 'ok' | 'degraded' {
  return state === 'up' && warnings.length === 0 ? 'ok' : 'degraded';
}
