import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { firstLine } from '../first-line.ts';
import { probePort, type Testbed } from '../testbed.ts';
import { findProgram } from './installed.ts';
import type { Rival, RunningRival } from './rival.ts';

/** Debian's wrapper on PATH changes user and directories; the script behind it does as it is told. */
const find = (): string | undefined => findProgram('/usr/lib/rabbitmq/bin/rabbitmq-server', 'rabbitmq-server');
const findPortMapper = (): string | undefined => findProgram('epmd');

export const rabbitmq: Rival = {
  name: 'rabbitmq',
  about: 'RabbitMQ with its Web-STOMP plugin, busy waiting of its schedulers off (which favours it here)',
  hasQueues: true,
  absence: () => (find() && findPortMapper() ? undefined : 'rabbitmq-server is not installed'),
  start,
};

async function start(testbed: Testbed): Promise<RunningRival> {
  const directory = testbed.makeDirectory('rabbitmq');
  const [webStomp, stomp, distribution, mapperPort] = [await probePort(), await probePort(), await probePort(), await probePort()];
  await writeFile(
    join(directory, 'rabbitmq.conf'),
    [
      'listeners.tcp = none',
      `stomp.listeners.tcp.1 = 127.0.0.1:${stomp}`,
      'web_stomp.tcp.ip = 127.0.0.1',
      `web_stomp.tcp.port = ${webStomp}`,
      'web_stomp.ws_frame = text',
      'log.console.level = info',
      '',
    ].join('\n'),
  );
  await writeFile(join(directory, 'enabled_plugins'), '[rabbitmq_web_stomp].\n');
  await writeFile(join(directory, 'rabbitmq-env.conf'), '');

  // Erlang would start its port mapper as a daemon that outlives it; this one ends with the benchmark.
  const mapperEnv = { ERL_EPMD_PORT: String(mapperPort), ERL_EPMD_ADDRESS: '127.0.0.1' };
  const mapper = testbed.launch(findPortMapper()!, [], { env: mapperEnv, cwd: directory });
  const server = testbed.launch(find()!, [], {
    cwd: directory,
    env: {
      ...mapperEnv,
      HOME: directory,
      RABBITMQ_NODENAME: `bench-${mapperPort}@localhost`,
      RABBITMQ_DIST_PORT: String(distribution),
      RABBITMQ_CONF_ENV_FILE: join(directory, 'rabbitmq-env.conf'),
      RABBITMQ_CONFIG_FILE: join(directory, 'rabbitmq.conf'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(directory, 'enabled_plugins'),
      RABBITMQ_MNESIA_BASE: join(directory, 'data'),
      RABBITMQ_LOG_BASE: join(directory, 'log'),
      RABBITMQ_LOGS: '-',
      RABBITMQ_PID_FILE: join(directory, 'pid'),
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none',
    },
  });
  let version = 'RabbitMQ';
  await firstLine(
    server,
    (line) => {
      const said = /Starting RabbitMQ (\S+)/.exec(line);
      if (said) version = `RabbitMQ ${said[1]}`;
      return /Server startup complete/.test(line) || undefined;
    },
    60_000,
  );
  return {
    target: {
      host: '127.0.0.1',
      ports: [webStomp],
      path: '/ws',
      subprotocol: 'v12.stomp',
      protocol: 'stomp',
      pids: [server.pid!],
      echoes: 1,
      confirmsSubscribe: true,
    },
    version,
    close: async () => {
      await testbed.stop(server, 15_000);
      await testbed.stop(mapper);
    },
  };
}
