import { fuzzNode } from './fuzz-node.ts';
import { fuzzSession } from './fuzz-session.ts';
import { runScenarios } from './scenarios.ts';

/** `npm run fuzz [name …]`: mutated streams at full size. CI runs the same ones small (`fuzz.e2e.ts`). */
await runScenarios({
  session: (seed) => fuzzSession({ streams: 1_000_000, seed }),
  node: (seed) => fuzzNode({ streams: 20_000, seed }),
});
