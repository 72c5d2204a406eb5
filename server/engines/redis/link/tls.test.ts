import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis as Ioredis } from 'ioredis';
import { createClient } from 'redis';
import { freePort } from '../testing/free-port.ts';
import { RecordedBus, RecordedLink } from '../testing/recorded-link.ts';
import { startRedis, type RedisServer } from '../testing/redis-server.ts';
import { selfSigned } from '../testing/self-signed.ts';
import { until } from '../testing/until.ts';
import { connectRedis } from './connect-redis.ts';

describe('with TLS', () => {
  const { key, cert } = selfSigned();
  let folder: string;
  let server: RedisServer;
  let port: number;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stompede-tls-'));
    await writeFile(join(folder, 'key.pem'), key);
    await writeFile(join(folder, 'cert.pem'), cert);
    port = await freePort();
    const config = {
      'tls-port': port,
      'tls-key-file': join(folder, 'key.pem'),
      'tls-cert-file': join(folder, 'cert.pem'),
      'tls-ca-cert-file': join(folder, 'cert.pem'),
      'tls-auth-clients': 'no',
    };
    server = await startRedis({ config });
  });
  after(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  for (const client of ['redis', 'ioredis'] as const) {
    test(`a link and a bus by ${client} trust whom they are told to trust`, async (t) => {
      const redis = connectRedis(`rediss://localhost:${port}`, { client, key: '{0}:', tls: { ca: cert } });
      const [{ link, ...linked }, bused] = [new RecordedLink(t, redis), new RecordedBus(t, redis)];
      await until('the link to be up', () => link.isUp);
      await bused.bus.listen(['news']);
      await bused.up();
      assert.equal(await link.command(['PUBLISH', 'news', 'x']), 1);
      await until('the message', () => bused.messages.length === 1);
      assert.deepEqual(linked.failures, []);
    });

    test(`a link by ${client} trusts nobody else`, async (t) => {
      const recorded = new RecordedLink(t, connectRedis(`rediss://localhost:${port}`, { client, key: '{0}:' }));
      await until('a failed attempt', () => recorded.failures.length > 0);
      assert.match(recorded.failures[0]!.message, /self-signed certificate/);
    });
  }

  test('clients of both libraries hand their certificates on', async (t) => {
    const clients = [
      createClient({ socket: { host: 'localhost', port, tls: true, ca: cert } }),
      new Ioredis({ host: 'localhost', port, tls: { ca: cert }, lazyConnect: true }),
    ];
    for (const client of clients) await new RecordedLink(t, connectRedis(client, { key: '{0}:' })).up();
  });
});
