import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { firstLine } from '../first-line.ts';
import { probePort, type Testbed } from '../testbed.ts';
import { findProgram } from './installed.ts';
import type { Rival, RunningRival } from './rival.ts';

const find = (): string | undefined => findProgram('nats-server');

export const nats: Rival = {
  name: 'nats',
  about: 'nats-server, its own protocol over WebSocket, core NATS: at most once, no receipts',
  hasQueues: false,
  absence: () => (find() ? undefined : 'nats-server is not installed'),
  start,
};

async function start(testbed: Testbed): Promise<RunningRival> {
  const directory = testbed.makeDirectory('nats');
  const [port, webSocketPort] = [await probePort(), await probePort()];
  const config = join(directory, 'nats.conf');
  await writeFile(
    config,
    `listen: "127.0.0.1:${port}"\nmax_connections: 64K\nwebsocket { listen: "127.0.0.1:${webSocketPort}", no_tls: true, compression: false }\n`,
  );
  const child = testbed.launch(find()!, ['-c', config], { cwd: directory });
  let version = 'nats-server';
  await firstLine(child, (line) => {
    const said = /Version:\s+(\S+)/.exec(line);
    if (said) version = `nats-server ${said[1]}`;
    return line.includes('Server is ready') || undefined;
  });
  return {
    target: { host: '127.0.0.1', ports: [webSocketPort], path: '/', protocol: 'nats', pids: [child.pid!], echoes: 1, confirmsSubscribe: true },
    version,
    close: () => testbed.stop(child),
  };
}
