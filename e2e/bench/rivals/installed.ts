import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Path of the first of these programs found on PATH or, given with slashes, where it stands; undefined without any. */
export function findProgram(...names: readonly string[]): string | undefined {
  const places = (process.env.PATH ?? '').split(delimiter);
  const paths = names.flatMap((name) => (name.includes('/') ? [name] : [...places, '/usr/sbin', '/usr/local/sbin'].map((place) => join(place, name))));
  return paths.find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
