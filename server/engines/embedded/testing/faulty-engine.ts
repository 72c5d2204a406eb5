import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import type { Operation, Outcome } from '../../../broker/engine.ts';
import { message } from '../../engine-contract/messages.ts';
import { Rig } from '../../engine-contract/rig.ts';
import { EmbeddedEngine } from '../embedded-engine.ts';
import { FaultyDisk } from './faulty-disk.ts';
import type { EmbeddedEngineOptions } from '../options.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const PATIENCE_MS = 10_000;

/** For tests: a started engine on a disk with faults. It goes with the test, or at a restart. */
export class FaultyEngine {
  disk = new FaultyDisk();
  rig: Rig;
  readonly directory: string;
  readonly #options: Partial<EmbeddedEngineOptions>;

  private constructor(directory: string, options: Partial<EmbeddedEngineOptions>) {
    this.directory = directory;
    this.#options = { ballastBytes: 65_536, reserveBytes: 65_536, checkMs: 5, ...options };
    this.rig = this.#newRig();
  }

  static async start(t: TestContext, options: Partial<EmbeddedEngineOptions> = {}): Promise<FaultyEngine> {
    const faulty = new FaultyEngine(await temporaryDirectory(t), options);
    // A store that failed says so once more when it is closed.
    t.after(() => faulty.rig.engine.close().catch(() => undefined));
    await faulty.rig.start();
    return faulty;
  }

  /** Kills the engine as far as the disk can see, and starts another on the same directory. */
  async crash(meanwhile = (_disk: FaultyDisk): void => undefined): Promise<void> {
    this.disk.crash();
    await this.rig.engine.close().catch(() => undefined);
    this.disk = new FaultyDisk();
    meanwhile(this.disk);
    this.rig = this.#newRig();
    await this.rig.start();
  }

  send(queue: string, id: string, bytes = 1000): Promise<Outcome> {
    return this.rig.apply([put(queue, id, bytes)]);
  }

  /** Octets of all segments. */
  journalBytes(): number {
    const sizes = fs.readdirSync(this.directory).map((name) => {
      return name.endsWith('.log')
        ? (fs.statSync(path.join(this.directory, name), { throwIfNoEntry: false })?.size ?? 0)
        : 0;
    });
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  /** Waits until messages are taken again. */
  untilOpen(): Promise<void> {
    return this.untilSent(true);
  }

  untilShut(): Promise<void> {
    return this.untilSent(false);
  }

  async untilSent(isTaken: boolean): Promise<void> {
    await this.untilAsync(`messages to be ${isTaken ? 'taken' : 'refused'}`, async () => {
      const { ok } = await this.send('probe', 'probe', 0);
      if (ok) await this.rig.engine.purge('probe', 1);
      return ok === isTaken;
    });
  }

  async until(what: string, isSo: () => boolean): Promise<void> {
    await this.untilAsync(what, () => Promise.resolve(isSo()));
  }

  async untilAsync(what: string, isSo: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!(await isSo())) {
      assert.ok(Date.now() < deadline, `expected ${what} within ${PATIENCE_MS} ms`);
      await turn();
    }
  }

  #newRig(): Rig {
    const engine = new EmbeddedEngine({ directory: this.directory, ...this.#options }, this.disk);
    return new Rig({ engine, cleanup: () => Promise.resolve() });
  }
}

export function put(queue: string, id: string, bytes = 1000): Operation {
  return { kind: 'enqueue', queue, message: message(id, { body: Buffer.alloc(bytes, id) }) };
}

export function assertDone(outcomes: readonly Outcome[]): void {
  for (const outcome of outcomes) assert.deepEqual(outcome, { ok: true, missed: 0, repeats: 0 });
}

/** Lets everything that needs no disk happen. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
