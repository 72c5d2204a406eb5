import { after, before, describe } from 'node:test';
import { describeEngine } from '../engine-contract/describe-engine.ts';
import { describeModel } from '../engine-contract/describe-model.ts';
import { startCluster, type RedisClusterGroup } from './testing/cluster.ts';
import { redisSubjects } from './testing/redis-subject.ts';
import { startSentinels, type SentinelGroup } from './testing/sentinels.ts';

// What holds on one server (`redis-engine.test.ts`) holds however the primary is found.

describe('on a cluster of three', () => {
  let cluster: RedisClusterGroup;
  before(async () => {
    cluster = await startCluster();
  });
  after(() => cluster.close());

  for (const client of ['redis', 'ioredis'] as const) {
    describeEngine(`redis cluster (${client})`, redisSubjects(() => cluster.url, client), { outlives: true });
  }
  describeModel('redis cluster (ioredis)', redisSubjects(() => cluster.url, 'ioredis'), { outlives: true });
});

describe('behind Sentinels', () => {
  let group: SentinelGroup;
  before(async () => {
    group = await startSentinels();
  });
  after(() => group.close());

  for (const client of ['redis', 'ioredis'] as const) {
    describeEngine(`redis behind Sentinels (${client})`, redisSubjects(() => group.url, client), { outlives: true });
  }
  describeModel('redis behind Sentinels (redis)', redisSubjects(() => group.url, 'redis'), { outlives: true });
});
