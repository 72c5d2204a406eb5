import { readFile } from 'node:fs/promises';

/**
 * A name for the time since this machine was started, by which a process that starts tells a crash of the process
 * before it (what that had written is there) from a power cut (what was not flushed may be gone). Linux has one;
 * elsewhere '': then a crash counts as a power cut.
 */
export async function machineBoot(): Promise<string> {
  try {
    return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  } catch {
    // Another system, or a sandbox without that file.
    return '';
  }
}
