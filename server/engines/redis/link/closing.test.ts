import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startRedis } from '../testing/redis-server.ts';
import { startTcpProxy } from '../testing/tcp-proxy.ts';

/** Opens links and buses to servers that answer, refuse, are silent and say nonsense, and closes them a moment later. */
const PROGRAM = `
  import { connectRedis } from ${JSON.stringify(new URL('./connect-redis.ts', import.meta.url).href)};
  import { setTimeout as pause } from 'node:timers/promises';
  const open = [];
  const events = { greet: async () => {}, onUp() {}, onDown() {}, onMessage() {} };
  for (const url of process.argv.slice(1)) {
    for (const client of ['redis', 'ioredis']) {
      const redis = connectRedis(url, { client, key: '{0}:' });
      open.push(redis.openLink('a', events), redis.openBus('b', events));
    }
  }
  await pause(300);
  await Promise.all(open.map((one) => one.close()));
  const closedAt = performance.now();
  process.on('exit', () => console.log(performance.now() - closedAt));
`;

test('a process whose links are closed has nothing left to wait for', async (t) => {
  const server = await startRedis({ hasPort: true });
  const silent = await startTcpProxy({ port: server.port });
  silent.blackHole();
  t.after(async () => {
    await silent.close();
    await server.close();
  });
  const urls = [server.url, `unix://${server.socket}`, silent.url, 'redis://127.0.0.1:1', 'unix:///nowhere'];
  for (const port of [1, silent.port, server.port]) urls.push(`redis+sentinel://127.0.0.1:${port}/main`, `redis+cluster://127.0.0.1:${port}`, `rediss://127.0.0.1:${port}`);
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', PROGRAM, ...urls], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (octets: Buffer) => (output += octets.toString()));
  const [code] = (await once(child, 'close')) as [number];
  assert.equal(code, 0);
  assert.ok(Number(output) < 500, `it ended ${output.trim()} ms after its links`);
});
