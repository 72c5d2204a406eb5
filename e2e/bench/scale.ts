/** How much of each workload is done. Times are ms, sizes octets. */
export interface Scale {
  readonly fanOut: { readonly subscribers: number; readonly windows: readonly number[]; readonly bodyBytes: number } & Times;
  readonly rooms: { readonly rooms: number; readonly membersPerRoom: number; readonly bodyBytes: number } & Times;
  readonly queue: { readonly windows: readonly number[]; readonly bodyBytes: number } & Times;
  readonly connections: {
    readonly count: number;
    /** Connected in so many equal steps; the first of them warms up. */
    readonly steps: number;
    /** Logging in at any time. */
    readonly concurrency: number;
    readonly idleMs: number;
  };
  readonly subscribers: { readonly counts: readonly number[]; readonly window: number; readonly bodyBytes: number } & Times;
  readonly destinations: {
    readonly counts: readonly number[];
    readonly connections: number;
    readonly window: number;
    readonly bodyBytes: number;
  } & Times;
  readonly lanes: { readonly subscribers: number; readonly queueWindow: number; readonly bodyBytes: number } & Times;
  readonly wildcards: { readonly counts: readonly number[]; readonly subscribers: number; readonly window: number; readonly bodyBytes: number } & Times;
  readonly quietNode: { readonly rooms: number; readonly membersPerRoom: number; readonly bodyBytes: number } & Times;
  readonly depth: { readonly depths: readonly number[]; readonly window: number; readonly bodyBytes: number } & Times;
}

interface Times {
  readonly warmUpMs: number;
  readonly measureMs: number;
}

const FULL_TIMES: Times = { warmUpMs: 1_000, measureMs: 3_000 };
const SMALL_TIMES: Times = { warmUpMs: 500, measureMs: 1_000 };

/**
 * `full` are the sizes that the targets are stated for. A connection to this broker may hold 128 subscriptions, so
 * 100 000 destinations need 782 connections.
 */
export const SCALES: Readonly<Record<'small' | 'full', Scale>> = {
  full: {
    fanOut: { subscribers: 200, windows: [16, 1], bodyBytes: 200, ...FULL_TIMES },
    rooms: { rooms: 20, membersPerRoom: 10, bodyBytes: 200, ...FULL_TIMES },
    queue: { windows: [200, 16], bodyBytes: 1024, ...FULL_TIMES },
    connections: { count: 10_000, steps: 4, concurrency: 64, idleMs: 30_000 },
    subscribers: { counts: [100, 1_000, 10_000], window: 16, bodyBytes: 200, ...FULL_TIMES },
    destinations: { counts: [1, 100, 1_000, 10_000, 100_000], connections: 782, window: 16, bodyBytes: 200, ...FULL_TIMES },
    lanes: { subscribers: 20, queueWindow: 16, bodyBytes: 200, ...FULL_TIMES },
    wildcards: { counts: [0, 5_000], subscribers: 2, window: 16, bodyBytes: 200, ...FULL_TIMES },
    quietNode: { rooms: 20, membersPerRoom: 10, bodyBytes: 200, ...FULL_TIMES },
    depth: { depths: [0, 1_000, 10_000, 100_000, 1_000_000], window: 200, bodyBytes: 1024, ...FULL_TIMES },
  },
  small: {
    fanOut: { subscribers: 100, windows: [16, 1], bodyBytes: 200, ...SMALL_TIMES },
    rooms: { rooms: 10, membersPerRoom: 10, bodyBytes: 200, ...SMALL_TIMES },
    queue: { windows: [200, 16], bodyBytes: 1024, ...SMALL_TIMES },
    connections: { count: 1_000, steps: 4, concurrency: 64, idleMs: 1_000 },
    subscribers: { counts: [100, 1_000], window: 16, bodyBytes: 200, ...SMALL_TIMES },
    destinations: { counts: [1, 100, 1_000], connections: 100, window: 16, bodyBytes: 200, ...SMALL_TIMES },
    lanes: { subscribers: 20, queueWindow: 16, bodyBytes: 200, ...SMALL_TIMES },
    wildcards: { counts: [0, 1_000], subscribers: 2, window: 16, bodyBytes: 200, ...SMALL_TIMES },
    quietNode: { rooms: 10, membersPerRoom: 10, bodyBytes: 200, ...SMALL_TIMES },
    depth: { depths: [0, 1_000, 10_000], window: 200, bodyBytes: 1024, ...SMALL_TIMES },
  },
};
