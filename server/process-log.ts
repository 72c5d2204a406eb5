import { pino, stdSerializers, stdTimeFunctions, type Logger } from 'pino';
import type { Config } from './config.ts';

/**
 * The log of a broker process: one JSON object a line on stdout. Written synchronously, so that the last line before an
 * exit is there, too.
 */
export function createProcessLog(level: Config['logLevel']): Logger {
  return pino({
    level,
    base: { pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { error: stdSerializers.err },
    // No passcode gets into a line, whatever object some caller hands over.
    redact: ['passcode', '*.passcode', 'headers.passcode', 'headers.authorization', 'headers.cookie'],
  });
}
