import { resolve } from 'node:path';
import type { Logger } from 'pino';
import { createBroker, type StompedeBroker } from './app.ts';
import { ConfigError, loadConfig, type Config } from './config.ts';
import { ListenError } from './listen-error.ts';
import { usage } from './option-docs.ts';
import { VERSION } from './package.ts';
import { createProcessLog } from './process-log.ts';

/** sysexits' EX_SOFTWARE: the store broke its word, or the program is wrong. */
const EXIT_FAILED = 70;

/**
 * One press of Ctrl-C may arrive twice: from the terminal, which signals the whole group, and from npm, which passes it
 * on to the program it runs. Only a signal later than this means "at once".
 */
const SAME_SIGNAL_MS = 500;

/** The process: configuration, log, start, signals, exit code. */
async function main(flags: readonly string[]): Promise<void> {
  if (flags.includes('--help')) return print(usage());
  if (flags.includes('--version')) return print(`${VERSION}\n`);
  const config = readConfig(flags);
  const log = createProcessLog(config.logLevel);
  endOnFailure(log);
  await start(config, log);
}

function readConfig(flags: readonly string[]): Config {
  try {
    return loadConfig({ flags, environment: process.env });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) process.stderr.write(`stompede: ${problem}\n`);
    process.exit(error.exitCode);
  }
}

async function start(config: Config, log: Logger): Promise<void> {
  try {
    const broker = await createBroker({
      ...config,
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
    log.info({
      event: 'listening',
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

/** After an exception nobody expected the state is unknown: better a restart from the disk than going on. */
function endOnFailure(log: Logger): void {
  process.on('uncaughtException', (error, origin) => {
    log.fatal({ event: 'uncaught', origin, error });
    process.exit(EXIT_FAILED);
  });
}

function drainOnSignal(broker: StompedeBroker, log: Logger): void {
  let firstAt: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (firstAt !== undefined) {
      if (now - firstAt > SAME_SIGNAL_MS) process.exit(1);
      return;
    }
    firstAt = now;
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
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

function print(text: string): void {
  process.stdout.write(text);
}

await main(process.argv.slice(2));
