import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Clock } from '../lib/clock.ts';
import { Timers } from '../lib/timers.ts';
import { HeartBeatMonitor } from './heart-beat-monitor.ts';
import type { Peer } from './peer.ts';

function monitored(options: { sendEveryMs: number; expectEveryMs: number; transport?: Peer['transport'] }) {
  let now = 0;
  const clock: Clock = { now: () => now, monotonic: () => now };
  const timers = new Timers(clock);
  const beatsAt: number[] = [];
  const pingsAt: number[] = [];
  const silences: number[] = [];
  const peer = {
    transport: options.transport ?? 'tcp',
    receivedBytes: 0,
    sendBeat: () => beatsAt.push(now),
    ping: () => pingsAt.push(now),
  };
  const monitor = new HeartBeatMonitor({
    peer: peer as unknown as Peer,
    timers,
    terms: { ...options, header: '' },
    idlePingMs: 1000,
    onSilence: () => silences.push(now),
  });
  monitor.start();
  const until = (ms: number, each: (at: number) => void = () => {}) => {
    for (; now < ms; now += 10) {
      each(now);
      timers.runDue();
    }
  };
  return { monitor, peer, beatsAt, pingsAt, silences, until, close: () => { timers.close(); } };
}

describe('heart-beats', () => {
  test('leave an idle connection never later than the interval, and not much earlier', () => {
    const { beatsAt, until, close } = monitored({ sendEveryMs: 1000, expectEveryMs: 0 });
    until(10_000);
    close();
    const gaps = beatsAt.map((at, i) => at - (beatsAt[i - 1] ?? 0));
    assert.ok(beatsAt.length >= 10, `${beatsAt.length} beats in 10 s`);
    for (const gap of gaps) assert.ok(gap <= 1000 && gap >= 800, `gap of ${gap} ms`);
  });

  test('leave in time after data, and not while data flows', () => {
    const { monitor, beatsAt, until, close } = monitored({ sendEveryMs: 1000, expectEveryMs: 0 });
    until(5000, (at) => {
      if (at % 100 === 0) monitor.sent();
    });
    assert.deepEqual(beatsAt, []);
    until(6000);
    close();
    assert.ok(beatsAt.length > 0 && beatsAt[0]! <= 6000);
  });

  test('that fail to come first cause a ping and then, after twice the interval, the end', () => {
    const { peer, pingsAt, silences, until, close } = monitored({ sendEveryMs: 0, expectEveryMs: 1000 });
    until(3000, (at) => {
      if (at % 900 === 0) peer.receivedBytes++;
    });
    assert.deepEqual(silences, []);
    until(8000);
    close();
    const lastHeard = 2700;
    assert.ok(pingsAt.length > 0 && pingsAt[0]! > lastHeard + 900);
    assert.equal(silences.length, 1);
    assert.ok(silences[0]! >= lastHeard + 2000 && silences[0]! <= lastHeard + 3000, `cut at ${silences[0]}`);
  });

  test('are replaced by pings on a WebSocket that promised none, and a pong is a sign of life', () => {
    const quiet = monitored({ sendEveryMs: 0, expectEveryMs: 0, transport: 'websocket' });
    let answered = 0;
    quiet.until(20_000, () => {
      if (quiet.pingsAt.length > answered) {
        answered = quiet.pingsAt.length;
        quiet.peer.receivedBytes += 6;
      }
    });
    assert.ok(quiet.pingsAt.length > 3);
    assert.deepEqual(quiet.silences, []);
    quiet.until(30_000);
    assert.equal(quiet.silences.length, 1);
    quiet.close();
  });

  test('are not expected of a TCP client that promised none', () => {
    const { pingsAt, silences, until, close } = monitored({ sendEveryMs: 0, expectEveryMs: 0 });
    until(60_000);
    close();
    assert.deepEqual([pingsAt, silences], [[], []]);
  });
});
