import { destination, pino, stdSerializers, stdTimeFunctions, type Logger } from 'pino';
import type { Config } from './config.ts';

/**
 * The log of a broker process: one JSON object a line on stdout. Written synchronously: its lines are few, and those
 * before an exit have to be there, in their order. A process that is one of several workers says which.
 */
export function createProcessLog(level: Config['logLevel'], worker?: number): Logger {
  const options = {
    level,
    base: { pid: process.pid, ...(worker !== undefined && { worker }) },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { error: stdSerializers.err },
    // No passcode gets into a line, whatever object some caller hands over.
    redact: ['passcode', '*.passcode', 'headers.passcode', 'headers.authorization', 'headers.cookie'],
  };
  return pino(options, destination({ dest: 1, sync: true }));
}
