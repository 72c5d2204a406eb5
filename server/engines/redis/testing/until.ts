/**
 * Resolves with what `check` returns once it returns something true; asks again every few ms. What it throws counts as
 * "not yet". After `withinMs` it rejects with `what`, and with the last thing thrown as its cause.
 */
export async function until<T>(what: string, check: () => T | Promise<T>, withinMs = 10_000): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, 20)) {
    let cause: unknown;
    try {
      const found = await check();
      if (found) return found;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= deadline) throw new Error(`Expected ${what} within ${withinMs} ms`, { cause });
    await new Promise((resume) => setTimeout(resume, pauseMs));
  }
}
