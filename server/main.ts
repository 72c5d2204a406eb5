import type { Logger } from 'pino';
import { ConfigError, loadConfig, type Config } from './config.ts';
import { strangersInEnvironment } from './config-source.ts';
import { EXIT_FAILED, runNode } from './node-process.ts';
import { usage } from './option-docs.ts';
import { VERSION } from './package.ts';
import { createProcessLog } from './process-log.ts';
import { announceToPrimary, workerNumber } from './worker-message.ts';
import { countOfWorkers, superviseWorkers } from './workers.ts';

/** The process: what it is asked to be, its configuration, its log. */
async function main(flags: readonly string[]): Promise<void> {
  if (flags.includes('--help')) return print(usage());
  if (flags.includes('--version')) return print(`${VERSION}\n`);
  const config = readConfig(flags);
  const worker = workerNumber();
  const log = createProcessLog(config.logLevel, worker);
  endOnFailure(log);
  if (worker !== undefined) return runNode(config, log, announceToPrimary);
  for (const sentence of strangersInEnvironment(process.env)) log.warn({ event: 'unknown-variable', reason: sentence });
  const workers = countOfWorkers(config.workers);
  if (workers > 1) return superviseWorkers({ workers, program: import.meta.filename, drainMs: config.drainMs, log });
  await runNode(config, log, (announcement) => log.info({ event: 'listening', ...announcement }));
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

/** After an exception nobody expected the state is unknown: better a restart from the disk than going on. */
function endOnFailure(log: Logger): void {
  process.on('uncaughtException', (error, origin) => {
    log.fatal({ event: 'uncaught', origin, error });
    process.exit(EXIT_FAILED);
  });
}

function print(text: string): void {
  process.stdout.write(text);
}

await main(process.argv.slice(2));
