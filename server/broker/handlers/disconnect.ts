import type { Frame } from '../../protocol/frame.ts';
import type { Session } from '../session.ts';
import type { Handled } from './index.ts';

/** DISCONNECT: everything sent before is processed first, then the receipt, then a quiet close. */
export function disconnect(session: Session, frame: Frame): Handled {
  const idle = session.submissions.whenIdle();
  if (!idle) return leave(session, frame);
  return idle.then(() => leave(session, frame));
}

function leave(session: Session, frame: Frame): undefined {
  // Work that failed meanwhile was answered by an ERROR, and nothing follows that.
  if (session.state !== 'connected') return;
  session.acknowledge(frame);
  session.finish();
}
