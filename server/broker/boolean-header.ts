import type { Headers } from '../protocol/frame.ts';
import type { ProtocolError } from '../protocol/protocol-error.ts';
import { badHeader } from './errors.ts';

/** `true` and `false` in any case (stomp.py writes `True`); undefined when missing or neither. */
export function parseBoolean(text: string | undefined): boolean | undefined {
  switch (text?.trim().toLowerCase()) {
    case 'true':
      return true;
    case 'false':
      return false;
    default:
      return undefined;
  }
}

/** As `parseBoolean`, for a header that is an error if it is neither; undefined when it is missing. */
export function readBoolean(command: string, headers: Headers, name: string): boolean | undefined | ProtocolError {
  const text = headers.get(name);
  return text === undefined ? undefined : (parseBoolean(text) ?? badHeader(command, name, 'true or false', text));
}
