import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Histogram } from './histogram.ts';

test('a histogram finds quantiles within 4 %, from microseconds to minutes', () => {
  for (const scale of [1, 40, 1_000, 60_000]) {
    const histogram = new Histogram();
    for (let i = 1; i <= 1_000; i++) histogram.record(i * scale);
    for (const share of [0.01, 0.5, 0.99, 1]) {
      const [found, exact] = [histogram.quantileMs(share), (share * 1_000 * scale) / 1_000];
      assert.ok(found >= exact && found <= exact * 1.04, `${share} of ${scale}: ${found} for ${exact}`);
    }
  }
});

test('histograms add up across a process border', () => {
  const [one, other, sum] = [new Histogram(), new Histogram(), new Histogram()];
  one.record(10);
  other.record(1_000_000);
  for (const part of [one, other]) sum.add(JSON.parse(JSON.stringify(part.toPairs())) as number[]);
  assert.equal(sum.count, 2);
  assert.equal(sum.quantileMs(0.5), 0.01);
  assert.ok(sum.quantileMs(1) >= 1_000);
});

test('an empty histogram has no quantiles', () => assert.equal(new Histogram().quantileMs(0.5), 0));
