/**
 * The catalogue of reasons why a session ends. `webSocketCode` is the close status, `text` its reason phrase and the
 * word in logs and metrics, `mayReconnect` whether a client that comes back at once has a chance.
 */
export interface CloseReason {
  readonly name: string;
  readonly webSocketCode: number;
  readonly text: string;
  readonly mayReconnect: boolean;
}

const reason = (name: string, webSocketCode: number, text: string, mayReconnect: boolean): CloseReason =>
  Object.freeze({ name, webSocketCode, text, mayReconnect });

export const CLOSE_REASONS = {
  disconnect: reason('disconnect', 1000, 'client disconnected', true),
  gone: reason('gone', 1006, 'socket gone', true),
  protocolError: reason('protocol-error', 1002, 'protocol error', false),
  frameTooLarge: reason('frame-too-large', 1009, 'frame too large', false),
  requestFailed: reason('request-failed', 1008, 'request failed', true),
  accessRefused: reason('access-refused', 1008, 'access refused', false),
  loginTimeout: reason('login-timeout', 1008, 'no CONNECT in time', true),
  missedHeartBeat: reason('missed-heart-beat', 1001, 'no sign of life', true),
  slowConsumer: reason('slow-consumer', 1013, 'slow consumer', true),
  storeFailed: reason('store-failed', 1011, 'the store failed', true),
  storeUnreachable: reason('store-unreachable', 1013, 'the store is out of reach', true),
  shutdown: reason('shutdown', 1001, 'server shutting down', true),
} as const satisfies Record<string, CloseReason>;
