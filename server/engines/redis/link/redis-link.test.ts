import { after, before, describe, test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { RecordedLink } from '../testing/recorded-link.ts';
import { startRedis, type RedisServer } from '../testing/redis-server.ts';
import { scriptOf } from '../testing/script-of.ts';
import { startTcpProxy, type TcpProxy } from '../testing/tcp-proxy.ts';
import { until } from '../testing/until.ts';
import { connectRedis, type ConnectRedisOptions } from './connect-redis.ts';
import { LinkLostError, ReplyError, type LinkEvents } from './link.ts';

const APPEND = scriptOf("return redis.call('RPUSH', KEYS[1], ARGV[1])");

const isLost = (wasSent: boolean) => (error: unknown) => error instanceof LinkLostError && error.wasSent === wasSent;

for (const client of ['redis', 'ioredis'] as const) {
  describe(`a link by ${client}`, () => {
    let server: RedisServer;
    before(async () => {
      server = await startRedis({ hasPort: true });
    });
    after(() => server.close());

    const open = (t: TestContext, url: string, options: Partial<ConnectRedisOptions> = {}, greet?: LinkEvents['greet']): RecordedLink =>
      new RecordedLink(t, connectRedis(url, { client, key: '{0}:', scripts: [APPEND], ...options }), t.name, greet);

    const through = async (t: TestContext): Promise<TcpProxy> => {
      const proxy = await startTcpProxy({ port: server.port });
      t.after(() => proxy.close());
      return proxy;
    };

    const fresh = async (...keys: string[]): Promise<void> => {
      await server.command('DEL', ...keys);
    };

    test('sends octets as they are and brings every kind of reply', async (t) => {
      const { link, ...recorded } = open(t, server.url);
      const octets = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
      await until('up', () => link.isUp);
      assert.deepEqual(await link.command(['SET', Buffer.from([0, 255]), octets]), Buffer.from('OK'));
      assert.deepEqual(await link.command(['GET', Buffer.from([0, 255])]), octets);
      assert.deepEqual(await link.command(['STRLEN', Buffer.from([0, 255])]), 256);
      assert.equal(await link.command(['GET', 'nothing']), null);
      assert.deepEqual(await link.command(['ECHO', 12]), Buffer.from('12'));
      assert.deepEqual(await link.command(['EVAL', "return {1, 'é', false, {2, {}}}", 0]), [1, Buffer.from('é'), null, [2, []]]);
      await link.command(['hset', 'h', 'field', 'value']);
      assert.deepEqual(await link.command(['hgetall', 'h']), [Buffer.from('field'), Buffer.from('value')], 'no shape of its own');
      assert.deepEqual(recorded.downs, []);
    });

    test('rejects what the server refuses with its code, and stays up', async (t) => {
      const recorded = open(t, server.url);
      await recorded.up();
      await server.command('SET', 'text', 'x');
      await assert.rejects(recorded.link.command(['INCR', 'text']), (error) => error instanceof ReplyError && error.code === 'ERR' && /not an integer/.test(error.message));
      await assert.rejects(recorded.link.command(['LPUSH', 'text', 1]), (error) => error instanceof ReplyError && error.code === 'WRONGTYPE');
      await assert.rejects(recorded.link.run(scriptOf("return redis.error_reply('OWN word')"), 'k', []), (error) => error instanceof ReplyError && error.code === 'OWN');
      assert.deepEqual([recorded.link.isUp, recorded.downs], [true, []]);
    });

    test('keeps the order of pipelined calls', async (t) => {
      await fresh('list');
      const recorded = open(t, server.url);
      await recorded.up();
      const numbers = Array.from({ length: 2000 }, (_, i) => i + 1);
      const replies = await Promise.all(numbers.map((n) => (n % 2 ? recorded.link.run(APPEND, 'list', [n]) : recorded.link.command(['RPUSH', 'list', n]))));
      assert.deepEqual(replies, numbers);
      assert.deepEqual(await server.command('LRANGE', 'list', 0, -1), numbers.map(String));
    });

    test('runs a script that was not loaded before, and one that was forgotten', async (t) => {
      const recorded = open(t, server.url, { scripts: [] });
      await recorded.up();
      const script = scriptOf("return {KEYS[1], ARGV[1], ARGV[2], #KEYS}");
      const expected = [Buffer.from('key'), Buffer.from([0xff]), Buffer.from('7'), 1];
      assert.deepEqual(await recorded.link.run(script, 'key', [Buffer.from([0xff]), 7]), expected);
      await server.command('SCRIPT', 'FLUSH');
      assert.deepEqual(await recorded.link.run(script, 'key', [Buffer.from([0xff]), 7]), expected);
    });

    test('keeps the order of runs while scripts are forgotten again and again', async (t) => {
      await fresh('list');
      const recorded = open(t, server.url);
      await recorded.up();
      const runs: Promise<unknown>[] = [];
      for (let round = 0; round < 25; round++) {
        const flushed = server.command('SCRIPT', 'FLUSH');
        for (let i = 0; i < 40; i++) {
          runs.push(recorded.link.run(APPEND, 'list', [runs.length]));
          if (i % 10 === 0) await new Promise(setImmediate);
        }
        await flushed;
      }
      await Promise.all(runs);
      assert.deepEqual(await server.command('LRANGE', 'list', 0, -1), runs.map((_, i) => String(i)));
      assert.deepEqual(recorded.downs, []);
    });

    test('loads its scripts before the first call', async (t) => {
      await server.command('SCRIPT', 'FLUSH');
      await open(t, server.url).up();
      assert.deepEqual(await server.command('SCRIPT', 'EXISTS', APPEND.sha), [1]);
    });

    test('never sends again what was on its way when the connection was cut', async (t) => {
      await fresh('count');
      const proxy = await through(t);
      const recorded = open(t, proxy.url);
      await recorded.up();
      proxy.delay(50);
      const { toServerBytes } = proxy;
      const lost = assert.rejects(recorded.link.command(['INCR', 'count']), isLost(true));
      await until('the command to be on its way', () => proxy.toServerBytes > toServerBytes);
      // Its answer does not come before the cut, however long the server and this test take.
      proxy.delay(60_000);
      await until('the server to have counted', async () => (await server.command('GET', 'count')) === '1');
      proxy.cut();
      await lost;
      assert.equal(recorded.downs.length, 1);
      await proxy.heal();
      await recorded.up(2);
      assert.deepEqual(await recorded.link.command(['GET', 'count']), Buffer.from('1'));
    });

    test('rejects what is called while it is down without sending it, and comes up again', async (t) => {
      await fresh('count');
      const proxy = await through(t);
      const recorded = open(t, proxy.url);
      await recorded.up();
      proxy.refuse();
      proxy.cut();
      await until('down', () => !recorded.link.isUp);
      await assert.rejects(recorded.link.command(['INCR', 'count']), isLost(false));
      await assert.rejects(recorded.link.run(APPEND, 'list', [1]), isLost(false));
      await until('three refused attempts', () => recorded.failures.length >= 3);
      assert.match(recorded.failures[0]!.message, /ECONNREFUSED/);
      await proxy.heal();
      await recorded.up(2);
      assert.equal(await recorded.link.command(['GET', 'count']), null);
    });

    test('gives a silent connection up by its own deadline', async (t) => {
      const proxy = await through(t);
      const recorded = open(t, proxy.url, { callMs: 150, dialMs: 150 });
      await recorded.up();
      proxy.blackHole();
      const calls = [recorded.link.command(['PING']), recorded.link.run(APPEND, 'list', ['x'])];
      for (const call of calls) await assert.rejects(call, isLost(true));
      assert.match(recorded.downs[0]!.message, /no answer to PING within 150 ms/);
      await until('an attempt that nobody answered', () => recorded.failures.some(({ message }) => /within 150 ms/.test(message)));
      await proxy.heal();
      await recorded.up(2);
      assert.deepEqual(await recorded.link.command(['PING']), Buffer.from('PONG'));
    });

    test('outlives a server that stands still, and one that is killed', async (t) => {
      const own = await startRedis();
      t.after(() => own.close());
      const recorded = open(t, own.url, { callMs: 150, dialMs: 150 });
      await recorded.up();
      own.pause();
      await assert.rejects(recorded.link.command(['PING']), isLost(true));
      own.resume();
      await recorded.up(2);
      await own.kill();
      await until('down', () => !recorded.link.isUp);
      await own.start();
      await recorded.up(3);
      assert.deepEqual(await recorded.link.command(['PING']), Buffer.from('PONG'));
    });

    test('leaves a server that became a replica, and does not settle for one', async (t) => {
      const own = await startRedis();
      t.after(() => own.close());
      const recorded = open(t, own.url);
      await recorded.up();
      await own.command('REPLICAOF', '127.0.0.1', 1);
      const calls = [recorded.link.command(['SET', 'a', 1]), recorded.link.command(['GET', 'a'])];
      await assert.rejects(calls[0]!, isLost(false), 'it was turned away');
      await assert.rejects(calls[1]!, isLost(true));
      await until('an attempt that met the replica', () => recorded.failures.some(({ message }) => /expected a primary/.test(message)));
      await own.command('REPLICAOF', 'NO', 'ONE');
      await recorded.up(2);
      assert.deepEqual(await recorded.link.command(['SET', 'a', 1]), Buffer.from('OK'));
    });

    test('greets every fresh connection, and dials again when that fails', async (t) => {
      const greetings: unknown[] = [];
      const recorded: RecordedLink = open(t, server.url, {}, async (connection) => {
        assert.equal(recorded.link.isUp, false);
        greetings.push(await connection.command(['ECHO', greetings.length]), await connection.run(APPEND, `greeting:${client}`, ['x']));
        if (greetings.length < 6) throw new Error('not yet');
      });
      await recorded.up();
      assert.deepEqual(greetings, [Buffer.from('0'), 1, Buffer.from('2'), 2, Buffer.from('4'), 3]);
      assert.deepEqual(recorded.failures.map(({ message }) => message), ['not yet', 'not yet']);
      assert.deepEqual(recorded.downs, []);
    });

    test('ends a greeting with its connection', async (t) => {
      const proxy = await through(t);
      let greetingCount = 0;
      const recorded = open(t, proxy.url, {}, () => {
        if (++greetingCount > 1) return Promise.resolve();
        proxy.cut();
        return new Promise(() => {});
      });
      await recorded.up();
      assert.deepEqual([greetingCount, recorded.downs.length, recorded.failures.length], [2, 0, 1]);
    });

    test('lets go when it is told to, and comes back', async (t) => {
      const recorded = open(t, server.url);
      await recorded.up();
      const call = assert.rejects(recorded.link.command(['PING']), isLost(true));
      recorded.link.drop('somebody knows better');
      await call;
      assert.equal(recorded.link.isUp, false);
      assert.match(recorded.downs[0]!.message, /somebody knows better/);
      await recorded.up(2);
    });

    test('leaves nothing behind when it is closed, up or not', async (t) => {
      const recorded = open(t, server.url);
      await recorded.up();
      const names = async (): Promise<string[]> => [...String(await server.command('CLIENT', 'LIST')).matchAll(/name=(\S+)/g)].map((match) => match[1]!);
      assert.deepEqual((await names()).length, 1);
      const call = assert.rejects(recorded.link.command(['PING']), isLost(true));
      await Promise.all([recorded.link.close(), recorded.link.close()]);
      await call;
      await assert.rejects(recorded.link.command(['PING']), isLost(false));
      assert.deepEqual(recorded.downs, [], 'whoever closes knows');
      await until('the server to see it go', async () => (await names()).length === 0);

      const proxy = await through(t);
      proxy.blackHole();
      const opening = open(t, proxy.url);
      await until('it dials', () => proxy.openCount === 1);
      await opening.link.close();
      assert.deepEqual([opening.upCount, opening.failures], [0, []]);
    });

    test('shows its name, uses the database and the user of the URL', async (t) => {
      await server.command('ACL', 'SETUSER', 'broker', 'on', '>p@ss/word', '~*', '&*', '+@all');
      const { port } = server;
      const redis = connectRedis(`redis://broker:p%40ss%2Fword@127.0.0.1:${port}/3`, { client, key: '{0}:' });
      assert.equal(redis.description, `redis://127.0.0.1:${port}/3 by ${client === 'redis' ? 'node-redis' : 'ioredis'}`);
      const recorded = new RecordedLink(t, redis, 'writer');
      await recorded.up();
      const line = String(await recorded.link.command(['CLIENT', 'INFO']));
      assert.match(line, /name=stompede:writer .* db=3 .* user=broker/);
      assert.doesNotMatch(line, /resp=3/);
    });

    test('tells a wrong password as a failed attempt, without the password', async (t) => {
      const recorded = open(t, `redis://:wrong-secret@127.0.0.1:${server.port}`);
      await until('two failed attempts', () => recorded.failures.length >= 2);
      assert.match(recorded.failures[0]!.message, /AUTH|WRONGPASS/);
      assert.doesNotMatch(recorded.failures.map(String).join(), /wrong-secret/);
    });

    test('does without ROLE and CLIENT where a user may not ask', async (t) => {
      await server.command('ACL', 'SETUSER', 'modest', 'on', '>pw', '~*', '&*', '+@all', '-role', '-client');
      const recorded = open(t, `redis://modest:pw@127.0.0.1:${server.port}`);
      await recorded.up();
      assert.deepEqual(await recorded.link.command(['PING']), Buffer.from('PONG'));
    });
  });
}
