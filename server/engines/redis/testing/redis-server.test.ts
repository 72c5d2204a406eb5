import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { startRedis } from './redis-server.ts';
import { until } from './until.ts';

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('it comes back on what it kept, in the same place', async (t) => {
  const keeping = await startRedis({ appendFsync: 'always', hasPort: true });
  t.after(() => keeping.close());
  const forgetting = await startRedis();
  t.after(() => forgetting.close());
  const { port, socket } = keeping;
  for (const server of [keeping, forgetting]) {
    assert.equal(await server.command('SET', 'a', Buffer.from('é')), 'OK');
    await server.restart();
  }
  assert.deepEqual([await keeping.command('GET', 'a'), await forgetting.command('GET', 'a')], ['é', null]);
  assert.deepEqual([keeping.port, keeping.socket], [port, socket]);
  assert.equal(await keeping.info('server', 'tcp_port'), String(port));
  await assert.rejects(keeping.command('BOGUS'), /unknown command/);
});

test('it ends with its process and its folder', async () => {
  const server = await startRedis();
  const { pid, folder } = server;
  server.pause();
  await server.close();
  await server.close();
  assert.deepEqual([isAlive(pid), existsSync(folder)], [false, false]);
});

test('it does not outlive a test that is killed', async () => {
  const source = `import { startRedis } from ${JSON.stringify(new URL('./redis-server.ts', import.meta.url).href)};
    startRedis().then(({ pid, folder }) => console.log(JSON.stringify({ pid, folder })));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { pid, folder } = JSON.parse(line.toString()) as { pid: number; folder: string };
  assert.deepEqual([isAlive(pid), existsSync(folder)], [true, true]);
  child.kill('SIGKILL');
  await until('process and folder to be gone', () => !isAlive(pid) && !existsSync(folder));
});

test('a configuration that Redis refuses is shown with its words', async () => {
  await assert.rejects(startRedis({ config: { maxmemory: 'plenty' } }), /redis-server did not start:[^]*maxmemory plenty[^]*argument must be a memory value/);
});
