import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const FOLDER = new URL('./scripts/', import.meta.url);

/** A Lua script as the server runs it: what it needs of `common/`, then its own file. */
export interface Script {
  readonly name: string;
  readonly source: string;
  /** SHA-1 of the source, hexadecimal: what EVALSHA calls it by. */
  readonly sha: string;
}

/** Reads `scripts/<name>.lua`; the lines `--@include <part>` are replaced by `scripts/common/<part>.lua`. */
export function loadScript(name: string): Script {
  const source = readScript(`${name}.lua`).replace(/^--@include (\S+)$/gm, (_line, part: string) => readScript(`common/${part}.lua`));
  return { name, source, sha: createHash('sha1').update(source).digest('hex') };
}

export const readScript = (path: string): string => readFileSync(new URL(path, FOLDER), 'utf8');
