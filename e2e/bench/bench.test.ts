import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bareWs } from './rivals/bare-ws.ts';
import type { Rival } from './rivals/rival.ts';
import { STOMPEDE_ON_REDIS } from './rivals/stompede-redis.ts';
import { stompede } from './rivals/stompede.ts';
import { runBench } from './run.ts';
import type { Scale } from './scale.ts';
import { toMarkdown } from './table.ts';
import { WORKLOADS } from './workloads/catalogue.ts';
import type { Workload } from './workloads/workload.ts';

const times = { warmUpMs: 50, measureMs: 150 };
/** Whether the benchmark works, not what it finds. */
const SMOKE: Scale = {
  fanOut: { subscribers: 10, windows: [16, 1], bodyBytes: 200, ...times },
  rooms: { rooms: 3, membersPerRoom: 4, bodyBytes: 200, ...times },
  queue: { windows: [16], bodyBytes: 1024, ...times },
  connections: { count: 40, steps: 4, concurrency: 8, idleMs: 50 },
  subscribers: { counts: [5, 20], window: 4, bodyBytes: 200, ...times },
  destinations: { counts: [1, 30], connections: 10, window: 4, bodyBytes: 200, ...times },
  lanes: { subscribers: 4, queueWindow: 4, bodyBytes: 200, ...times },
  wildcards: { counts: [0, 150], subscribers: 2, window: 4, bodyBytes: 200, ...times },
  quietNode: { rooms: 3, membersPerRoom: 4, bodyBytes: 200, ...times },
  depth: { depths: [0, 300], window: 16, bodyBytes: 1024, ...times },
};

const takesPart = (rival: Rival, { name, needsQueues, onlyFor }: Workload): boolean =>
  (rival.hasQueues || !needsQueues) && (onlyFor?.includes(rival.name) ?? true) && (rival.only?.includes(name) ?? true);

test('every workload runs against this broker, alone and on Redis, and the ceiling, loses nothing and reports sane figures', async () => {
  const rivals = [stompede, bareWs, ...STOMPEDE_ON_REDIS.filter(({ name }) => /-(2|3|quiet|replica)$/.test(name))];
  const options = { workloads: WORKLOADS, rivals, named: new Set<string>(), scale: SMOKE, rounds: 1 };
  const said: string[] = [];
  const report = await runBench(options, (line) => said.push(line));

  assert.ok(report.isFlawless, `${toMarkdown(report)}\n${said.join('\n')}`);
  for (const workload of WORKLOADS) {
    const { name } = workload;
    const taking = rivals.filter((rival) => takesPart(rival, workload));
    assert.ok(taking.length > 0, `somebody takes part in ${name}`);
    for (const rival of taking) {
      const rows = report.rows.filter((row) => row.workload === name && row.rival === rival.name);
      assert.ok(rows.length > 0, `${name} ran with ${rival.name}`);
      for (const { case: caseName, rounds } of rows) {
        assert.equal(rounds.length, 1);
        const { cpuMicros, generatorMicros, perSecond, p50Ms, p99Ms, rssAnonMiB } = rounds[0]!;
        for (const figure of [cpuMicros, generatorMicros]) assert.ok(figure >= 0 && figure < 1e6, `${name}, ${caseName}: ${figure} µs`);
        assert.ok(perSecond > 0 && Number.isFinite(perSecond), `${name}, ${caseName}: ${perSecond} a second`);
        assert.ok(p50Ms >= 0 && p50Ms <= p99Ms, `${name}, ${caseName}: p50 ${p50Ms}, p99 ${p99Ms}`);
        assert.ok(rssAnonMiB > 1, `${name}, ${caseName}: ${rssAnonMiB} MiB`);
      }
    }
  }
});
