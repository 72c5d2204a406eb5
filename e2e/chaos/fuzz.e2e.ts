import { test } from 'node:test';
import { fuzzNode } from './fuzz-node.ts';
import { fuzzSession } from './fuzz-session.ts';

// `npm run fuzz` at a small size.
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

test(`mutated streams harm neither the process nor another session (seed ${seed})`, async () => {
  await fuzzSession({ streams: 30_000, seed });
});

test(`mutated streams harm neither a live node nor another connection (seed ${seed})`, async () => {
  await fuzzNode({ streams: 600, seed });
});
