import { endpointText, type Endpoint } from './source.ts';

/**
 * Asks several guides for the way at once and goes where most of them point: at once when more than half agree, else
 * when all have answered or failed. One of them may be cut off from the others and tell of yesterday; to ask one after
 * another would mean to wait for each that is silent.
 *
 * `ask` should give up by itself after a while, and at once when its signal says that its answer is not needed any more.
 * Rejects when nobody answered, with what each of them said.
 */
export async function agreement(guides: readonly Endpoint[], ask: (guide: Endpoint, signal: AbortSignal) => Promise<Endpoint>, signal: AbortSignal): Promise<Endpoint> {
  signal.throwIfAborted();
  const stop = new AbortController();
  const forward = (): void => stop.abort(signal.reason);
  signal.addEventListener('abort', forward);
  const votes = new Map<string, { readonly endpoint: Endpoint; count: number }>();
  const failures: string[] = [];
  try {
    await new Promise<void>((resolve) => {
      let left = guides.length;
      if (left === 0) resolve();
      for (const guide of guides) {
        ask(guide, stop.signal)
          .then(
            (endpoint) => {
              const vote = votes.get(endpointText(endpoint)) ?? { endpoint, count: 0 };
              votes.set(endpointText(endpoint), vote);
              if (++vote.count * 2 > guides.length) resolve();
            },
            (error: unknown) => failures.push((error as Error).message),
          )
          .finally(() => {
            if (--left === 0) resolve();
          });
      }
    });
  } finally {
    signal.removeEventListener('abort', forward);
    stop.abort(new Error('enough others have answered'));
  }
  signal.throwIfAborted();
  const [most] = [...votes.values()].sort((a, b) => b.count - a.count);
  if (!most) throw new Error(`nobody could tell where the primary is: ${failures.join('; ') || 'there is nobody to ask'}`);
  return most.endpoint;
}
