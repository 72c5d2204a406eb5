import { createRequire } from 'node:module';
import type { Target } from '../load/target.ts';
import { firstLine } from '../first-line.ts';
import type { Testbed } from '../testbed.ts';
import type { RunningRival } from './rival.ts';

/** Of an installed package: its name and version. */
export function packageVersion(name: string): string {
  const { version } = createRequire(import.meta.url)(`${name}/package.json`) as { version: string };
  return `${name} ${version}`;
}

/** Starts a server program of this folder, which prints `listening <port>`, in a process of its own. */
export async function startProgram(testbed: Testbed, source: URL, version: string, target: Omit<Target, 'host' | 'ports' | 'pids'>): Promise<RunningRival> {
  const child = testbed.launch(await testbed.compile(source), [], { isOwn: true });
  const port = await firstLine(child, (line) => (line.startsWith('listening ') ? Number(line.slice(10)) : undefined));
  return {
    target: { ...target, host: '127.0.0.1', ports: [port], pids: [child.pid!] },
    version,
    close: () => testbed.stop(child),
  };
}
