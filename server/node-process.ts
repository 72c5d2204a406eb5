import { resolve } from 'node:path';
import type { Logger } from 'pino';
import { createBroker, type StompedeBroker } from './app.ts';
import { ConfigError, type Config } from './config.ts';
import { ListenError } from './listen-error.ts';
import { VERSION } from './package.ts';
import { onStopSignals } from './stop-signals.ts';

/** sysexits' EX_SOFTWARE: the store broke its word, or the program is wrong. */
export const EXIT_FAILED = 70;

/** What a node says once it listens. */
export interface Announcement {
  readonly http: string;
  readonly tcp: string | undefined;
  readonly dataDir: string | undefined;
  readonly engine: string;
  readonly receipt: string;
  readonly version: string;
}

/**
 * One node as a process: starts the broker, opens its ports, calls `announce`, and ends the process when a signal asks or
 * the store fails.
 */
export async function runNode(config: Config, log: Logger, announce: (announcement: Announcement) => void): Promise<void> {
  // How many there are is for whoever runs them.
  const { workers: _workers, ...own } = config;
  try {
    const broker = await createBroker({
      ...own,
      log,
      onFatal: (error) => {
        log.fatal({ event: 'store-failed', error });
        process.exit(EXIT_FAILED);
      },
    });
    const http = await broker.listen();
    const tcp = config.tcpPort === 'off' ? undefined : await broker.listenTcp();
    // Before the word that it listens, or a signal right after it would find nobody.
    drainOnSignal(broker, log);
    announce({
      http: `http://${http.address}`,
      tcp: tcp?.address,
      dataDir: config.engine === 'embedded' ? resolve(config.dataDir) : undefined,
      engine: config.engine,
      receipt: broker.stats().receipt,
      version: VERSION,
    });
  } catch (error) {
    // The sentence is what an operator needs; the stack of a known failure tells nothing.
    if (error instanceof ConfigError || error instanceof ListenError) {
      log.fatal({ event: 'start-failed', reason: error.message });
      process.exit(error.exitCode);
    }
    log.fatal({ event: 'start-failed', reason: error instanceof Error ? error.message : String(error), error });
    process.exit(EXIT_FAILED);
  }
}

function drainOnSignal(broker: StompedeBroker, log: Logger): void {
  onStopSignals({
    onFirst: (signal) => {
      log.info({ event: 'draining', signal, connections: broker.stats().connections });
      broker.close().then(
        () => {
          log.info({ event: 'stopped' });
          process.exit(0);
        },
        (error: unknown) => {
          log.fatal({ event: 'stop-failed', error });
          process.exit(EXIT_FAILED);
        },
      );
    },
    onAgain: () => process.exit(1),
  });
}
