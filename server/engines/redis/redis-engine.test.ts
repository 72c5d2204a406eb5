import { after, before } from 'node:test';
import { describeEngine } from '../engine-contract/describe-engine.ts';
import { describeModel } from '../engine-contract/describe-model.ts';
import { startRedis, type RedisServer } from './testing/redis-server.ts';
import { redisSubjects } from './testing/redis-subject.ts';

let server: RedisServer;
before(async () => {
  server = await startRedis();
});
after(() => server.close());

for (const client of ['redis', 'ioredis'] as const) {
  const create = redisSubjects(() => server.url, client);
  describeEngine(`redis (${client})`, create, { outlives: true });
  describeModel(`redis (${client})`, create, { outlives: true });
}
