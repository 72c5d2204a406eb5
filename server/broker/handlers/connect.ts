import { encodeFrame } from '../../protocol/frame-writer.ts';
import type { Frame } from '../../protocol/frame.ts';
import { HEADER } from '../../protocol/header-names.ts';
import { negotiateHeartBeat, parseHeartBeat, type HeartBeatTerms } from '../../protocol/heart-beat.ts';
import { negotiateVersion } from '../../protocol/version.ts';
import type { Identity, LoginVerdict } from '../access.ts';
import { readBoolean } from '../boolean-header.ts';
import { CLOSE_REASONS } from '../close-reason.ts';
import { originOf } from '../origin.ts';
import { badConnect, loginRefused, versionMismatch } from '../errors.ts';
import type { Session } from '../session.ts';
import { SoftErrors } from '../soft-errors.ts';
import type { Handled } from './index.ts';

/** CONNECT and STOMP: version, heart-beats, login, CONNECTED. */
export function connect(session: Session, frame: Frame): Handled {
  const { headers } = frame;
  const version = negotiateVersion(headers.get(HEADER.acceptVersion));
  if (!version) return versionMismatch();
  session.negotiated(version);

  const wish = parseHeartBeat(headers.get(HEADER.heartBeat));
  if ('code' in wish) return badConnect(wish.code, wish.detail);
  const { minHeartBeatMs, maxHeartBeatMs } = session.broker.limits;
  const terms = negotiateHeartBeat(wish, { minMs: minHeartBeatMs, maxMs: maxHeartBeatMs });

  const isSoft = readBoolean(frame.command, headers, HEADER.xSoftErrors) ?? false;
  if (typeof isSoft === 'object') return badConnect(isSoft.code, isSoft.detail);
  if (isSoft) session.softErrors = new SoftErrors(session);

  session.clientId = headers.get(HEADER.clientId) ?? headers.get(HEADER.activemqClientId);
  session.origin = originOf(session.id, session.clientId);

  const verdict = session.broker.authenticator.authenticate({
    login: headers.get(HEADER.login),
    passcode: headers.get(HEADER.passcode),
    host: headers.get(HEADER.host),
    remoteAddress: session.peer.remoteAddress,
    isLocal: session.peer.isLocal,
  });
  if (verdict instanceof Promise) return verdict.then((decided) => welcome(session, frame, decided, terms));
  return welcome(session, frame, verdict, terms);
}

function welcome(session: Session, frame: Frame, verdict: LoginVerdict, terms: HeartBeatTerms) {
  // The login timeout or the client itself may have ended the session meanwhile.
  if (session.state !== 'connecting') return undefined;
  if (!verdict.ok) {
    session.fail(loginRefused(verdict.code, verdict.detail), frame, CLOSE_REASONS.accessRefused);
    return undefined;
  }
  session.connected(verdict.identity, connectedFrame(session, frame, verdict.identity, terms), terms);
  session.broker.advisories?.connectionStarted(session);
  return undefined;
}

/** Every version gets all of it: old clients of each fail without `session` or `heart-beat`. */
function connectedFrame(session: Session, frame: Frame, identity: Identity, terms: HeartBeatTerms) {
  const pairs = [
    HEADER.version,
    session.version,
    HEADER.session,
    session.id,
    HEADER.server,
    session.broker.serverName,
    HEADER.heartBeat,
    terms.header,
    HEADER.userName,
    identity.user,
  ];
  const requestId = frame.headers.get(HEADER.requestId);
  if (requestId !== undefined) pairs.push(HEADER.responseId, requestId);
  return encodeFrame(session.version, 'CONNECTED', pairs);
}
