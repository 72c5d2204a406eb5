import type { ProtocolError } from '../protocol/protocol-error.ts';
import type { Failure, FailureCode, HoldRefusal } from './engine.ts';

/**
 * The catalogue of what a request can be refused for. `message` is RabbitMQ's text where it has one, since clients match
 * on it; `code` is the precise cause for programs; `detail` says what was expected, what came, and where.
 */
const error = (message: string, code: string, detail: string): ProtocolError => ({ message, code, detail });

export const badCommand = (command: string, why: string): ProtocolError => error('Bad command', 'bad-command', `${command}: ${why}`);

export const badConnect = (code: string, why: string): ProtocolError => error('Bad CONNECT', code, why);

export const missingHeader = (command: string, name: string): ProtocolError =>
  error('Missing header', 'missing-header', `${command} needs a header '${name}'`);

export const badHeader = (command: string, name: string, expected: string, came: string): ProtocolError =>
  error('Bad header', 'bad-header', `${command}: expected '${name}' to be ${expected}, got '${came}'`);

/** `sentence` says what was expected, what came, and at which character. */
export const badSelector = (sentence: string): ProtocolError => error('Bad header', 'bad-selector', `SUBSCRIBE: ${sentence}`);

export const missingDestination = (command: string): ProtocolError =>
  error('Missing destination', 'missing-destination', `${command} needs a header 'destination'`);

export const unknownDestination = (code: string, text: string, why: string): ProtocolError =>
  error('Unknown destination', code, `'${text}': ${why}`);

/** In RabbitMQ's word for a queue or exchange that nobody declared. */
export const notFound = (code: string, text: string, why: string): ProtocolError => error('not_found', code, `'${text}': ${why}`);

export const schemaViolated = (text: string, violation: string): ProtocolError =>
  error('Schema violated', 'schema', `'${text}' takes what its schema describes: ${violation}`);

export const accessRefused = (action: string, destination: string): ProtocolError =>
  error('Access refused', 'access-refused', `this user may not ${action} '${destination}'`);

/** RabbitMQ's word for it. */
export const wrongUserId = (claimed: string, user: string): ProtocolError =>
  error('precondition_failed', 'wrong-user-id', `SEND: expected 'user-id' to be absent or the user that logged in, '${user}', got '${claimed}'`);

export const loginRefused = (code: string, detail: string): ProtocolError => error('Bad CONNECT', code, `Access refused: ${detail}`);

export const duplicatedSubscription = (id: string): ProtocolError =>
  error('Duplicated subscription identifier', 'duplicate-subscription', `a subscription '${id}' is already in place`);

export const subscriptionNotFound = (id: string): ProtocolError =>
  error('Subscription not found', 'subscription-not-found', `no subscription '${id}' on this connection`);

/** In ActiveMQ's words, where another connection has it. */
export function durableInUse({ client, name }: { readonly client: string; readonly name: string }, refusal: HoldRefusal): ProtocolError {
  const message = `Durable consumer is in use for client: ${client} and subscriptionName: ${name}`;
  if (refusal.reason === 'held') return error(message, 'durable-in-use', `another connection has the durable subscription '${name}', and lives; end that one first`);
  const held = refusal.selector === '' ? `'${refusal.pattern}'` : `'${refusal.pattern}' with the selector '${refusal.selector}'`;
  return error(message, 'durable-in-use', `expected the durable subscription '${name}' as it is held, to ${held}; to change it, nobody may hold it`);
}

export const durableTakenOver = (queue: string): ProtocolError =>
  error('Durable subscription taken over', 'durable-taken-over', `'${queue}' is another connection's now, or is gone`);

export const notDurable = (command: string, text: string, why: string): ProtocolError => error('Bad destination', 'not-durable', `${command} of '${text}': ${why}`);

export const messageNotFound = (code: string, what: string): ProtocolError => error('Message not found', code, what);

export const badTransaction = (code: string, why: string): ProtocolError => error('Bad transaction', code, why);

export const limitExceeded = (code: string, why: string): ProtocolError => error('Limit exceeded', code, why);

export const versionMismatch = (): ProtocolError =>
  error('Version mismatch', 'version-mismatch', 'Supported versions are 1.0,1.1,1.2');

export const loginTimeout = (ms: number): ProtocolError =>
  error('Bad CONNECT', 'login-timeout', `no CONNECT frame within ${ms} ms`);

export const missedHeartBeat = (ms: number): ProtocolError =>
  error('No heart-beat', 'missed-heart-beat', `nothing was received for more than twice the agreed ${ms} ms`);

export const slowConsumer = (why: string): ProtocolError => error('Slow consumer', 'slow-consumer', why);

export const shuttingDown = (): ProtocolError => error('Server shutting down', 'shutdown', 'this node is being stopped; connect again');

export const internalError = (): ProtocolError => error('Internal error', 'internal-error', 'the request failed; the log of the node says why');

const HEADLINES: Record<FailureCode, string> = {
  'disk-full': 'Disk full',
  'memory-limit': 'Memory limit reached',
  'not-held': 'Message not found',
  'chain-broken': 'Not applied',
  'store-unreachable': 'Store unreachable',
  'store-failed': 'Store failed',
};

/** An engine's failure as the client sees it: `code` as is, and whether trying again is safe. */
export const engineFailure = (failure: Failure): ProtocolError =>
  error(HEADLINES[failure.code], failure.code, `${failure.detail} (${failure.certainty})`);
