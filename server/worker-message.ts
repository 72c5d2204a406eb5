import cluster from 'node:cluster';
import type { Announcement } from './node-process.ts';

/** What tells a process that it is a worker of ours, and its place among them. */
export const WORKER_VARIABLE = 'STOMPEDE_WORKER';

/** Which worker of ours this process is, from 1; undefined = none. A worker may also be somebody else's, a process manager's for one. */
export function workerNumber(): number | undefined {
  const text = process.env[WORKER_VARIABLE];
  return cluster.isWorker && text !== undefined ? Number(text) : undefined;
}

/** Tells the process that watches over this one that it listens. */
export function announceToPrimary(announcement: Announcement): void {
  process.send?.({ event: 'listening', ...announcement });
}

/** What a worker announced, without the mark of the message; undefined for messages of another kind. */
export function readAnnouncement(message: unknown): Announcement | undefined {
  if (typeof message !== 'object' || message === null || !('event' in message)) return undefined;
  const { event, ...announcement } = message;
  return event === 'listening' ? (announcement as unknown as Announcement) : undefined;
}
