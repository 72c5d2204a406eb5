import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/** Waits for the end of its input, which the end of this process is, however it comes. */
const SCRIPT = 'read -r _; kill -9 "$1" 2>/dev/null; rm -rf "$2"';

/**
 * Ends a process and removes its folder when this process dies, were it by SIGKILL. Returns what calls it off; neither
 * keeps this process alive.
 */
export function watchOver(pid: number, folder: string): () => void {
  const dog = spawn('/bin/sh', ['-c', SCRIPT, 'sh', String(pid), folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  dog.unref();
  (dog.stdin as Socket).unref();
  return () => {
    dog.kill('SIGKILL');
    dog.stdin.destroy();
  };
}
