import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/**
 * One process of a local cluster. Its lines go to our stdout with its name before each. It is the leader of a process
 * group of its own: a Ctrl-C reaches us alone, and we end everybody in order.
 */
export class ClusterProcess {
  #child;
  #watchers = new Set();

  constructor(name, command, args, options) {
    this.name = name;
    this.#child = spawn(command, args, { ...options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.on('error', (error) => this.#take(`cannot be run: ${error.message}`));
    /** Resolves with the exit code, the signal's name, or undefined when it never ran. */
    this.ended = once(this.#child, 'close').then(
      ([code, signal]) => signal ?? code,
      () => undefined,
    );
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => this.#take(line));
    }
  }

  /** Resolves with the first line to come for which `find` has a value, with that value; undefined when the process ended before. */
  line(find) {
    const found = new Promise((resolve) => {
      this.#watchers.add((line) => {
        const value = find(line);
        if (value !== undefined) resolve(value);
      });
    });
    return Promise.race([found, this.ended.then(() => undefined)]);
  }

  signal(name) {
    this.#child.kill(name);
  }

  #take(line) {
    process.stdout.write(`${this.name} | ${line}\n`);
    for (const watch of this.#watchers) watch(line);
  }
}
