import { badHeartBeat } from './frame-errors.ts';
import type { ProtocolError } from './protocol-error.ts';

/** A `heart-beat` header: what its sender can give (`x`) and would like to get (`y`), in ms; 0 = not at all. */
export interface HeartBeat {
  readonly x: number;
  readonly y: number;
}

/** What was agreed, seen from the server. Intervals in ms, 0 = never. */
export interface HeartBeatTerms {
  /** The client must see some data at least this often. */
  readonly sendEveryMs: number;
  /** The client promised some data at least this often. */
  readonly expectEveryMs: number;
  /** The value of CONNECTED's `heart-beat`. */
  readonly header: string;
}

const NONE: HeartBeat = { x: 0, y: 0 };

/** Reads two non-negative integers, blanks around them allowed. A missing header means none either way. */
export function parseHeartBeat(text: string | undefined): HeartBeat | ProtocolError {
  if (text === undefined) return NONE;
  const match = /^\s*(\d+)\s*,\s*(\d+)\s*$/.exec(text);
  if (match === null) return badHeartBeat(text);
  return { x: milliseconds(match[1]), y: milliseconds(match[2]) };
}

/**
 * Mirrors the client's wish within the bounds, so that whoever asks for a short interval gets one, and 0 stays 0:
 * with n = max(sender's x, receiver's y), unless either is 0 (STOMP 1.2, Heart-beating).
 */
export function negotiateHeartBeat(
  client: HeartBeat,
  bounds: { readonly minMs: number; readonly maxMs: number },
): HeartBeatTerms {
  const clamp = (wish: number): number => (wish === 0 ? 0 : Math.min(Math.max(wish, bounds.minMs), bounds.maxMs));
  const server: HeartBeat = { x: clamp(client.y), y: clamp(client.x) };
  return {
    sendEveryMs: agree(server.x, client.y),
    expectEveryMs: agree(client.x, server.y),
    header: `${server.x},${server.y}`,
  };
}

function agree(x: number, y: number): number {
  return x === 0 || y === 0 ? 0 : Math.max(x, y);
}

function milliseconds(digits: string | undefined): number {
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER);
}
