import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { connectRedis } from './connect-redis.ts';
import { readRedisUrl } from './redis-url.ts';
import type { Credentials } from './login.ts';
import { describeSource, type Source } from './source.ts';

const read = (url: string): Source => readRedisUrl(url, 'redis', undefined);
const credentialsOf = async ({ access }: Source): Promise<Credentials> => (await access.login(() => {})).credentials;

describe('a URL of Redis', () => {
  test('names one server, a socket, Sentinels or a cluster', () => {
    const expected: [url: string, description: string][] = [
      ['redis://localhost', 'redis://localhost:6379/0'],
      ['redis://127.0.0.1:7000/5', 'redis://127.0.0.1:7000/5'],
      ['redis://127.0.0.1:7000/', 'redis://127.0.0.1:7000/0'],
      ['redis://[::1]:7000', 'redis://[::1]:7000/0'],
      ['rediss://cache.example:6380', 'rediss://cache.example:6380/0'],
      ['unix:///run/redis/redis%20one.sock', 'unix:///run/redis/redis one.sock?db=0'],
      ['unix://user:pw@/run/redis.sock?db=2', 'unix:///run/redis.sock?db=2'],
      ['redis+sentinel://a,b:1,[::2]:2/main', 'redis+sentinel://a:26379,b:1,[::2]:2/main/0'],
      ['rediss+sentinel://u:p@a:1/main/7', 'rediss+sentinel://a:1/main/7'],
      ['redis+cluster://a,b:7001', 'redis+cluster://a:6379,b:7001'],
    ];
    for (const [url, description] of expected) assert.equal(describeSource(read(url)), `${description} by node-redis`, url);
    assert.equal(connectRedis('redis://h', { client: 'ioredis', key: '' }).description, 'redis://h:6379/0 by ioredis');
  });

  test('carries user and password, percent-decoded', async () => {
    assert.deepEqual(await credentialsOf(read('redis://us%40er:p%2Fw%3A@h')), { username: 'us@er', password: 'p/w:' });
    assert.deepEqual(await credentialsOf(read('redis://:pw@h')), { username: undefined, password: 'pw' });
    assert.deepEqual(await credentialsOf(read('unix://u:pw@/s')), { username: 'u', password: 'pw' });
    assert.deepEqual(await credentialsOf(read('redis+cluster://u:pw@h,i')), { username: 'u', password: 'pw' });
    const sentinel = read('redis+sentinel://u:pw@h/main?sentinelUser=su&sentinelPassword=s%26p');
    assert.deepEqual(await credentialsOf(sentinel), { username: 'u', password: 'pw' });
    assert.ok(sentinel.topology.kind === 'sentinel');
    assert.deepEqual((await sentinel.topology.access.login(() => {})).credentials, { username: 'su', password: 's&p' });
  });

  test('asks for TLS by its scheme, with the options given', () => {
    assert.deepEqual(readRedisUrl('rediss://h', 'redis', { ca: 'x' }).access.tls, { ca: 'x' });
    assert.equal(readRedisUrl('redis://h', 'redis', { ca: 'x' }).access.tls, undefined);
    const { topology } = readRedisUrl('rediss+sentinel://h/main', 'redis', { ca: 'x' });
    assert.ok(topology.kind === 'sentinel');
    assert.deepEqual(topology.access.tls, { ca: 'x' });
  });

  test('that cannot be read is refused with what was expected, and without its secrets', () => {
    const wrong: [url: string, expected: RegExp][] = [
      ['localhost:6379', /Expected a URL of Redis \(redis:\/\/.*got localhost:6379/],
      ['http://secret@h', /Expected a URL of Redis/],
      ['redis:secret@h', /Expected a URL of Redis/],
      ['redis://', /host or host:port/],
      ['redis://:secret@h:port', /host or host:port/],
      ['redis://h:70000', /host or host:port/],
      ['redis://user:se/secret@h', /Expected/],
      ['redis://user:se@secret@h', /Expected/],
      ['redis://user:%zz@h', /percent-encoded/],
      ['redis://h/one', /a number as database/],
      ['redis://h/1/2', /at most a database/],
      ['redis://a,b', /one host; several need/],
      ['redis://h?db=1', /no parameters/],
      ['unix://host/path', /path of a socket/],
      ['unix://', /path of a socket/],
      ['unix:///s?database=1', /no parameters but db/],
      ['redis+sentinel://h', /name of the primary/],
      ['redis+sentinel://h/main/0/x', /name of the primary/],
      ['redis+sentinel://h/main?sentinelpassword=secret', /no parameters but sentinelUser and sentinelPassword/],
      ['redis+cluster://h/1', /nothing after the hosts/],
      ['redis+ring://h', /Expected a URL of Redis/],
    ];
    for (const [url, expected] of wrong) {
      assert.throws(() => read(url), (error) => error instanceof Error && expected.test(error.message) && !error.message.includes('secret'), url);
    }
  });
});
