import { after, before, describe, test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { RecordedBus } from '../testing/recorded-link.ts';
import { startRedis, type RedisServer } from '../testing/redis-server.ts';
import { startTcpProxy } from '../testing/tcp-proxy.ts';
import { until } from '../testing/until.ts';
import { connectRedis } from './connect-redis.ts';

for (const client of ['redis', 'ioredis'] as const) {
  describe(`a bus by ${client}`, () => {
    let server: RedisServer;
    before(async () => {
      server = await startRedis({ hasPort: true, config: { 'client-output-buffer-limit': 'pubsub 1mb 512kb 1' } });
    });
    after(() => server.close());

    const open = async (t: TestContext, channels: readonly string[], url = server.url, callMs = 5000): Promise<RecordedBus> => {
      const recorded = new RecordedBus(t, connectRedis(url, { client, key: '{0}:', callMs }));
      await recorded.bus.listen(channels);
      await recorded.up();
      return recorded;
    };
    const publish = async (channel: string, payload: string | Buffer): Promise<number> => Number(await server.command('PUBLISH', channel, payload));

    test('hears the channels it listens to, octet for octet and in order', async (t) => {
      const octets = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
      const heard: [string, Buffer][] = [];
      const { bus } = new RecordedBus(t, connectRedis(server.url, { client, key: '{0}:' }), 'bus', (channel, payload) => void heard.push([channel, payload]));
      await bus.listen(['é', 'b']);
      await until('up', () => bus.isUp);
      const many = Array.from({ length: 500 }, (_, i) => String(i));
      await publish('é', octets);
      await publish('not this one', 'x');
      await server.command('EVAL', `for i = 0, 499 do redis.call('PUBLISH', 'b', i) end`, 0);
      await until('all of them', () => heard.length === 501);
      assert.deepEqual(heard[0], ['é', octets]);
      assert.deepEqual(heard.slice(1).map(([, payload]) => payload.toString()), many);
    });

    test('exchanges what it listens to, and is sure when that resolves', async (t) => {
      const recorded = await open(t, ['a', 'b']);
      await recorded.bus.listen(['b', 'c']);
      assert.deepEqual(await Promise.all(['a', 'b', 'c'].map((channel) => publish(channel, channel))), [0, 1, 1]);
      await recorded.bus.listen([]);
      assert.deepEqual(await Promise.all(['a', 'b', 'c'].map((channel) => publish(channel, channel))), [0, 0, 0]);
      await Promise.all([recorded.bus.listen(['x']), recorded.bus.listen(['y']), recorded.bus.listen(['x', 'z'])]);
      assert.deepEqual(await Promise.all(['x', 'y', 'z'].map((channel) => publish(channel, channel))), [1, 0, 1]);
      await until('messages', () => recorded.messages.length === 4);
      assert.deepEqual(recorded.downs, []);
    });

    test('tells no message before it told that it is up', async (t) => {
      const order: string[] = [];
      const redis = connectRedis(server.url, { client, key: '{0}:' });
      const bus = redis.openBus('early', {
        onMessage: () => void order.push('message'),
        onUp: () => void order.push('up'),
        onDown: () => {},
      });
      t.after(() => bus.close());
      await bus.listen(['early']);
      await until('a message', async () => (await publish('early', 'x')) === 1 && order.length > 1);
      assert.equal(order[0], 'up');
    });

    test('listens again by itself after it was killed', async (t) => {
      const recorded = await open(t, ['kept']);
      await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await recorded.up(2);
      assert.equal(recorded.downs.length, 1);
      assert.equal(await publish('kept', 'after'), 1);
      await until('the message', () => recorded.messages.length === 1);
    });

    test('takes what was asked for while it was down', async (t) => {
      const proxy = await startTcpProxy({ port: server.port });
      t.after(() => proxy.close());
      const recorded = await open(t, ['before'], proxy.url);
      proxy.refuse();
      proxy.cut();
      await until('down', () => !recorded.bus.isUp);
      await recorded.bus.listen(['after']);
      await proxy.heal();
      await recorded.up(2);
      assert.deepEqual([await publish('before', 'x'), await publish('after', 'y')], [0, 1]);
    });

    test('listens again after it was too slow for its buffer', async (t) => {
      const recorded = await open(t, ['flood']);
      // Within a script nothing is written out, so four times the limit pile up.
      await server.command('EVAL', `local body = string.rep('x', 65536) for i = 1, 64 do redis.call('PUBLISH', 'flood', body) end`, 0);
      await until('down', () => recorded.downs.length === 1);
      await recorded.up(2);
      const before = recorded.messages.length;
      assert.ok(before < 64, 'the flood was not heard to its end');
      assert.equal(await publish('flood', 'after'), 1);
      await until('the message', () => recorded.messages.at(-1)?.[1] === 'after');
    });

    test('comes back when its owner drops it, and when it is silent at an exchange', async (t) => {
      const proxy = await startTcpProxy({ port: server.port });
      t.after(() => proxy.close());
      const recorded = await open(t, ['a'], proxy.url, 200);
      recorded.bus.drop('no heartbeat');
      assert.equal(recorded.bus.isUp, false);
      assert.match(recorded.downs[0]!.message, /no heartbeat/);
      await recorded.up(2);
      proxy.blackHole();
      await recorded.bus.listen(['b']);
      assert.match(recorded.downs[1]!.message, /no answer to SUBSCRIBE within 200 ms/);
      proxy.cut();
      await proxy.heal();
      await recorded.up(3);
      assert.deepEqual([await publish('a', 'x'), await publish('b', 'y')], [0, 1]);
    });

    test('leaves nothing behind when it is closed', async (t) => {
      const recorded = await open(t, ['gone']);
      await Promise.all([recorded.bus.close(), recorded.bus.close()]);
      await until('the server to see it go', async () => (await publish('gone', 'x')) === 0);
      assert.deepEqual([recorded.bus.isUp, recorded.downs], [false, []]);
    });
  });
}
