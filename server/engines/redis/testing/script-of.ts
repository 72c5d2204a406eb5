import { createHash } from 'node:crypto';
import type { Script } from '../script.ts';

/** A script that a test brings along. */
export function scriptOf(source: string): Script {
  return { name: 'test', parameters: [], hasTail: true, source, sha: createHash('sha1').update(source).digest('hex') };
}
