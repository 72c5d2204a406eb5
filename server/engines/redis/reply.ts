import type { Reply } from './link/link.ts';

/** A script answered in a shape that its head does not tell of. */
export class UnexpectedReplyError extends Error {
  override readonly name = 'UnexpectedReplyError';
}

export function listOf(reply: Reply | undefined): readonly Reply[] {
  if (Array.isArray(reply)) return reply as readonly Reply[];
  throw new UnexpectedReplyError(`expected a list, got ${describe(reply)}`);
}

export function textOf(reply: Reply | undefined): string {
  if (Buffer.isBuffer(reply)) return reply.toString();
  throw new UnexpectedReplyError(`expected a text, got ${describe(reply)}`);
}

export function octetsOf(reply: Reply | undefined): Buffer {
  if (Buffer.isBuffer(reply)) return reply;
  throw new UnexpectedReplyError(`expected octets, got ${describe(reply)}`);
}

/** A number, or its decimal text: Lua's numbers lose their fraction on the way, and the larger ones their end. */
export function numberOf(reply: Reply | undefined): number {
  const number = typeof reply === 'number' ? reply : Number(textOf(reply));
  if (Number.isNaN(number)) throw new UnexpectedReplyError(`expected a number, got ${describe(reply)}`);
  return number;
}

function describe(reply: Reply | undefined): string {
  if (reply === null || reply === undefined) return 'nothing';
  if (Buffer.isBuffer(reply)) return `'${reply.toString('latin1', 0, 80)}'`;
  return typeof reply === 'number' ? String(reply) : `a list of ${reply.length}`;
}
