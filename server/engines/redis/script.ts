import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Argument } from './link/link.ts';

const FOLDER = new URL('./scripts/', import.meta.url);

/**
 * A Lua script as the server runs it: what it needs of `common/`, then its own file. `Name` are the names of its arguments, as
 * its head has them; a test holds head, names and file together.
 */
export interface Script<Name extends string = string> {
  readonly name: string;
  /** Of the arguments that are always there, in their order. */
  readonly parameters: readonly Name[];
  /** Others follow, any number of them. */
  readonly hasTail: boolean;
  readonly source: string;
  /** SHA-1 of the source, hexadecimal: what EVALSHA calls it by. */
  readonly sha: string;
}

/** Each argument by its name. */
export type Given<Name extends string> = Readonly<Record<Name, Argument>>;

/** Writes arguments in the order in which the script reads them; what follows is to be pushed behind them. */
export function argumentsOf<Name extends string>(script: Script<Name>, given: Given<NoInfer<Name>>): Argument[] {
  return script.parameters.map((name) => given[name]);
}

/**
 * Reads `scripts/<name>.lua`; the lines `--@include <part>` are replaced by `scripts/common/<part>.lua`. What stands behind them is
 * a function of its own, since Lua allows no function more than 200 local names, and the parts have most of them.
 */
export function loadScript<const Name extends string>(name: string, parameters: readonly Name[], tail?: 'and more'): Script<Name> {
  const [head = '', body = ''] = splitBehindIncludes(readScript(`${name}.lua`));
  const parts = head.replace(INCLUDE, (_line, part: string) => readScript(`common/${part}.lua`));
  const source = `${parts}\nlocal function run()\n${body}\nend\nreturn run()\n`;
  return { name, parameters, hasTail: tail !== undefined, source, sha: createHash('sha1').update(source).digest('hex') };
}

const INCLUDE = /^--@include (\S+)$/gm;

function splitBehindIncludes(text: string): [head: string, body: string] {
  const last = text.lastIndexOf('\n--@include ');
  const end = text.indexOf('\n', last + 1);
  return [text.slice(0, end), text.slice(end)];
}

export const readScript = (path: string): string => readFileSync(new URL(path, FOLDER), 'utf8');
