import type { Headers } from '../protocol/frame.ts';
import { HEADER } from '../protocol/header-names.ts';
import type { ProtocolError } from '../protocol/protocol-error.ts';
import { readBoolean } from './boolean-header.ts';
import { badSelector } from './errors.ts';
import type { Selector } from './selector/compile-selector.ts';
import type { SelectorCache } from './selector/selector-cache.ts';
import { SelectorError } from './selector/selector-error.ts';

/** Which messages of its destinations a subscription wants. One that wants all of them has no filter. */
export interface MessageFilter {
  readonly selector: Selector | undefined;
  /** Topics only: none that its own session sent. */
  readonly isNoLocal: boolean;
}

/** Reads `selector` and no-local of a SUBSCRIBE. */
export function readMessageFilter(headers: Headers, selectors: SelectorCache): MessageFilter | undefined | ProtocolError {
  const isNoLocal = readNoLocal(headers);
  if (typeof isNoLocal === 'object') return isNoLocal;
  const text = headers.get(HEADER.selector);
  if (text === undefined) return isNoLocal ? { selector: undefined, isNoLocal } : undefined;
  try {
    const selector = selectors.get(text);
    return selector || isNoLocal ? { selector, isNoLocal } : undefined;
  } catch (error) {
    if (error instanceof SelectorError) return badSelector(error.message);
    throw error;
  }
}

/** ActiveMQ's name, the plain one, and Ably's way to put it; the first present counts. */
export function readNoLocal(headers: Headers): boolean | ProtocolError {
  for (const name of [HEADER.activemqNoLocal, HEADER.noLocal]) {
    const isNoLocal = readBoolean('SUBSCRIBE', headers, name);
    if (isNoLocal !== undefined) return isNoLocal;
  }
  const isEcho = readBoolean('SUBSCRIBE', headers, HEADER.xEcho);
  return typeof isEcho === 'object' ? isEcho : isEcho === false;
}
