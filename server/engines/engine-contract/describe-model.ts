import { test, describe } from 'node:test';
import fc from 'fast-check';
import { ModelRun } from './model-run.ts';
import { anySteps } from './model-steps.ts';
import { Rig, type CreateSubject } from './rig.ts';

/**
 * Drives an engine and a naive model with the same random steps and compares every reply and the final dump. What
 * fails is shrunk to the few steps that matter. `STOMPEDE_SCALE` multiplies the number of runs (1).
 */
export function describeModel(name: string, create: CreateSubject, options: { readonly outlives?: boolean } = {}): void {
  const scale = Number(process.env.STOMPEDE_SCALE ?? 1);
  const runs = Math.max(1, Math.round(60 * scale));
  describe(`${name} engine beside the model`, () => {
    test(`gives the same replies in ${runs} random runs`, async () => {
      const steps = anySteps({ withRestarts: options.outlives ?? false, count: 80 });
      const same = fc.asyncProperty(steps, (each) =>
        Rig.use(create, async (rig) => {
          const run = new ModelRun(rig);
          await run.start();
          for (const step of each) await run.step(step);
          await run.finish();
        }),
      );
      await fc.assert(same, { numRuns: runs });
    });
  });
}
