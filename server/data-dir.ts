import { accessSync, constants, existsSync, mkdirSync, rmdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigError } from './config.ts';

/**
 * Throws a `ConfigError` unless the folder is there and can be written, or can be made. The engine makes it; but it makes
 * it with all its parents at once, and there Node goes round for ever on a file system like /proc.
 */
export function checkDataDir(dataDir: string): void {
  const wanted = resolve(dataDir);
  let existing = wanted;
  let missing: string | undefined;
  while (!existsSync(existing)) {
    missing = existing;
    existing = dirname(existing);
  }
  if (!statSync(existing).isDirectory()) refuse(wanted, `${existing} is not a folder`);
  try {
    accessSync(existing, constants.R_OK | constants.W_OK);
    if (missing === undefined) return;
    mkdirSync(missing);
    rmdirSync(missing);
  } catch (error) {
    refuse(wanted, error instanceof Error ? error.message : String(error));
  }
}

function refuse(wanted: string, why: string): never {
  throw new ConfigError([`dataDir (DATA_DIR) must name a folder that can be written or made, but it is ${JSON.stringify(wanted)}: ${why}`]);
}
