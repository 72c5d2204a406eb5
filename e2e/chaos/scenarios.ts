/** A run by its seed; resolves to its figures, rejects at the first broken promise. */
export type Scenario = (seed: number) => Promise<object>;

/**
 * Runs the scenarios named on the command line, else all, one after the other, and prints a line of figures each.
 * `SEED` repeats a run. The process ends with 1 if any of them failed.
 */
export async function runScenarios(scenarios: Readonly<Record<string, Scenario>>): Promise<void> {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !(name in scenarios));
  if (unknown.length > 0) throw new Error(`Expected any of ${Object.keys(scenarios).join(', ')}; got ${unknown.join(', ')}`);
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
  for (const [name, run] of Object.entries(scenarios)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const startedAt = performance.now();
    const seconds = (): string => `${Math.round((performance.now() - startedAt) / 100) / 10} s`;
    try {
      const figures = await run(seed);
      console.log(`${name}: passed in ${seconds()}, seed ${seed}`, JSON.stringify(figures));
    } catch (error) {
      process.exitCode = 1;
      console.log(`${name}: FAILED after ${seconds()}, seed ${seed}`, error);
    }
  }
}
