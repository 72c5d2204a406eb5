import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCommandLine } from './options.ts';

const parse = (...args: string[]) => parseCommandLine(args, new Date('2026-01-02T03:04:05Z'));

function complaint(...args: string[]): string {
  const answer = parse(...args);
  assert.ok(typeof answer === 'string');
  return answer;
}

test('the command line picks workloads, brokers, scale and rounds', () => {
  const options = parse('--only', 'rooms,fan-out', '--rivals=bare-ws', '--scale', 'small', '--rounds', '3');
  assert.ok(typeof options === 'object');
  assert.deepEqual(options.workloads.map(({ name }) => name), ['fan-out', 'rooms']);
  assert.deepEqual([...options.named], ['bare-ws']);
  assert.equal(options.rounds, 3);
  assert.equal(options.json, 'e2e/bench/results/2026-01-02T03-04-05-000Z.json');
});

test('a wrong argument is answered with what was expected and what came', () => {
  assert.match(complaint('--only', 'fanout'), /^--only: expected some of fan-out, .*, got fanout$/);
  assert.match(complaint('--rounds', '0'), /^--rounds: expected a whole number from 1 to 99, got 0$/);
  assert.match(complaint('--scale', 'huge'), /^--scale: expected full or small, got huge$/);
  assert.match(complaint('--fast'), /--fast/);
});
