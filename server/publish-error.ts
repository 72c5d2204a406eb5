import type { ProtocolError } from './protocol/protocol-error.ts';

/** Why a message of the embedding application was not taken; `code` is what an ERROR frame would say. */
export class PublishError extends Error {
  readonly code: string;

  constructor({ message, code, detail }: ProtocolError) {
    super(`${message}: ${detail}`);
    this.name = 'PublishError';
    this.code = code;
  }
}
