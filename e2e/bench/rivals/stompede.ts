import { spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { firstLine } from '../first-line.ts';
import type { Testbed } from '../testbed.ts';
import type { Rival, RunningRival } from './rival.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const BUILD = `${ROOT}server/setup/build.mjs`;
const MAIN = `${ROOT}dist/server/main.js`;

export const stompede: Rival = {
  name: 'stompede',
  about: 'this broker as `npm start` runs it: embedded engine, queues flushed to disk before a RECEIPT',
  hasQueues: true,
  absence: buildAbsence,
  start: (testbed) => start(testbed, 'embedded'),
};

export const stompedeMemory: Rival = {
  name: 'stompede-memory',
  about: 'this broker with the memory engine: what the disk adds is the difference',
  hasQueues: true,
  absence: buildAbsence,
  start: (testbed) => start(testbed, 'memory'),
};

let isBuilt = false;

/** Builds what is stale, once; why there is nothing to run, if so. */
export function buildAbsence(): string | undefined {
  if (!isBuilt && existsSync(BUILD)) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [BUILD], { cwd: ROOT, encoding: 'utf8' });
    if (status !== 0) return `it does not build: ${`${stdout}${stderr}`.trim().slice(-400)}`;
    isBuilt = true;
  }
  return existsSync(MAIN) ? undefined : `${MAIN} is not there`;
}

/** What every node of this broker has in common as a target. */
export const STOMPEDE = { host: '127.0.0.1', path: '/ws', subprotocol: 'v12.stomp', protocol: 'stomp', echoes: 1, confirmsSubscribe: true } as const;

export interface Node {
  readonly child: ChildProcess;
  readonly port: number;
}

/** Starts one process of this broker and resolves when it listens. */
export async function startNode(testbed: Testbed, env: NodeJS.ProcessEnv): Promise<Node> {
  const directory = testbed.makeDirectory('stompede');
  const child = testbed.launch(process.execPath, [...testbed.profileArguments, MAIN], {
    cwd: directory,
    env: { HOST: '127.0.0.1', PORT: '0', TCP_PORT: 'off', DATA_DIR: `${directory}/data`, LOG_LEVEL: 'info', ...env },
  });
  const url = await firstLine(child, (line) => addressIn(line));
  return { child, port: Number(url.port) };
}

async function start(testbed: Testbed, engine: 'embedded' | 'memory'): Promise<RunningRival> {
  const { child, port } = await startNode(testbed, { STOMPEDE_ENGINE: engine });
  return {
    target: { ...STOMPEDE, ports: [port], pids: [child.pid!] },
    version: `stompede, ${engine}`,
    close: () => testbed.stop(child, 15_000),
  };
}

/** The log line with event `listening` names where it listens. */
function addressIn(line: string): URL | undefined {
  if (!line.startsWith('{') || !line.includes('"listening"')) return undefined;
  const { event, http } = JSON.parse(line) as { event?: string; http?: string };
  return event === 'listening' && http ? new URL(http) : undefined;
}
