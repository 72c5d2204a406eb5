import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { ConfigError, type Config } from './config.ts';

/** The certificate and key that the options name, as PEM texts that fit each other; undefined when none are named. */
export function readTlsFiles({ tlsCert, tlsKey }: Config): { readonly cert: string; readonly key: string } | undefined {
  if (!tlsCert || !tlsKey) return undefined;
  const tls = { cert: read('tlsCert', tlsCert), key: read('tlsKey', tlsKey) };
  try {
    createSecureContext(tls);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError([`tlsCert and tlsKey must be a PEM certificate and its key, but ${tlsCert} and ${tlsKey} are not: ${reason}.`]);
  }
  return tls;
}

function read(option: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError([`${option} must name a file that can be read, but ${path} is not: ${reason}.`]);
  }
}
