import type { Frame } from '../../protocol/frame.ts';
import type { ProtocolError } from '../../protocol/protocol-error.ts';
import { badCommand } from '../errors.ts';
import type { Session, SessionState } from '../session.ts';
import { ack, nack } from './ack.ts';
import { connect } from './connect.ts';
import { disconnect } from './disconnect.ts';
import { send } from './send.ts';
import { subscribe } from './subscribe.ts';
import { abort, begin, commit } from './transaction.ts';
import { unsubscribe } from './unsubscribe.ts';

/**
 * What a handler answers: nothing when the frame is done or well on its way, the reason when it is refused, a promise
 * of either when later frames of the session have to wait.
 */
export type Handled = ProtocolError | undefined | Promise<ProtocolError | undefined>;

export type Handler = (session: Session, frame: Frame) => Handled;

const WHEN_CONNECTED: Readonly<Record<string, Handler>> = {
  SEND: send,
  ACK: ack,
  NACK: nack,
  SUBSCRIBE: subscribe,
  UNSUBSCRIBE: unsubscribe,
  BEGIN: begin,
  COMMIT: commit,
  ABORT: abort,
  DISCONNECT: disconnect,
};

/** The whole rule of states: before CONNECTED only CONNECT is heard, after it everything else. */
export function handlerFor(command: string, state: SessionState): Handler {
  const isConnect = command === 'CONNECT' || command === 'STOMP';
  if (state === 'connecting') return isConnect ? connect : refuse('expected CONNECT or STOMP as the first frame');
  if (isConnect) return refuse('this connection is connected already');
  return WHEN_CONNECTED[command] ?? refuse('this command is not for clients');
}

const refuse =
  (why: string): Handler =>
  (_session, frame) =>
    badCommand(frame.command, why);
