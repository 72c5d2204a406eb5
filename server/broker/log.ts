/** The lines a broker writes: an `event` word first, then fields named by the glossary. pino fits as it is. */
export interface Log {
  debug(fields: LogFields): void;
  info(fields: LogFields): void;
  warn(fields: LogFields): void;
  error(fields: LogFields): void;
}

export type LogFields = { readonly event: string } & Readonly<Record<string, unknown>>;

/** For embedding and tests: says nothing. */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
