import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describeEngine } from '../engine-contract/describe-engine.ts';
import { describeModel } from '../engine-contract/describe-model.ts';
import type { CreateSubject } from '../engine-contract/rig.ts';
import { EmbeddedEngine } from './embedded-engine.ts';
import { FaultyDisk } from './testing/faulty-disk.ts';
import type { EmbeddedEngineOptions } from './options.ts';

/** An engine in a directory of its own; a crash stops its disk in the middle of whatever it was writing. */
function subject(options: Partial<EmbeddedEngineOptions>): CreateSubject {
  return async () => {
    const directory = await fs.mkdtemp(path.join(os.tmpdir(), 'stompede-'));
    const create = () => {
      const disk = new FaultyDisk();
      return {
        disk,
        engine: new EmbeddedEngine({ directory, ballastBytes: 65_536, reserveBytes: 65_536, ...options }, disk),
      };
    };
    let present = create();
    return {
      engine: present.engine,
      restart: async () => {
        present.disk.crash();
        // Rejects, since the disk is gone; what counts is that the directory is free.
        await present.engine.close().catch(() => undefined);
        present = create();
        return present.engine;
      },
      cleanup: () => fs.rm(directory, { recursive: true }),
    };
  };
}

const usual = subject({});
/** Nothing stays in memory, and the journal is compacted all the time. */
const cramped = subject({ segmentBytes: 2048, memoryBytes: 0 });

describeEngine('embedded', usual, { outlives: true });
describeEngine('embedded, cramped', cramped, { outlives: true });
describeModel('embedded', usual, { outlives: true });
describeModel('embedded, cramped', cramped, { outlives: true });
