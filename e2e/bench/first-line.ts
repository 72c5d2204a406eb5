import type { ChildProcess } from 'node:child_process';

const KEPT_CHARACTERS = 4_000;

/**
 * Resolves with the first line of a program's output, standard or error, that `pick` makes something of. Rejects, with
 * the end of what it said instead, when it ends before, cannot start, or takes longer than `withinMs`.
 */
export function firstLine<T>(child: ChildProcess, pick: (line: string) => T | undefined, withinMs = 30_000): Promise<T> {
  return new Promise((resolve, reject) => {
    let said = '';
    const fail = (why: string): void => {
      clearTimeout(timer);
      reject(new Error(`${child.spawnfile} ${why}${said && `; it said: ${said.trim()}`}`));
    };
    const timer = setTimeout(() => fail(`was not ready within ${withinMs / 1000} s`), withinMs);
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code, signal) => fail(`ended with ${signal ?? `status ${code}`}`));
    for (const stream of [child.stdout, child.stderr]) {
      let rest = '';
      // Read on after the line was found, or the program would block on a full pipe.
      stream?.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-KEPT_CHARACTERS);
        const lines = (rest + text).split('\n');
        rest = (lines.pop() ?? '').slice(-KEPT_CHARACTERS);
        for (const line of lines) {
          const found = pick(line);
          if (found === undefined) continue;
          clearTimeout(timer);
          resolve(found);
        }
      });
    }
  });
}
