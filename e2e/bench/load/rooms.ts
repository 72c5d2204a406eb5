import { ClosedLoop, type Pace } from './closed-loop.ts';
import { Fleet } from './fleet.ts';
import { Meter, type Measured } from './meter.ts';
import type { Target } from './target.ts';
import { TopicLedger } from './topic-ledger.ts';

export interface RoomsJob {
  readonly kind: 'rooms';
  readonly target: Target;
  readonly rooms: number;
  readonly membersPerRoom: number;
  readonly pace: Pace;
}

/** Many small topics; everyone in a room sends to everyone in it. */
export async function rooms({ target, rooms, membersPerRoom, pace }: RoomsJob): Promise<Measured> {
  const fleet = new Fleet(target);
  const meter = new Meter(target);
  const members = await fleet.open(rooms * membersPerRoom);
  const roomOf = (member: number): string => `/topic/bench.room-${Math.floor(member / membersPerRoom)}`;
  await fleet.each(members, (member) => member.subscribe([['sub-0', roomOf(member.index)]]));

  const loop = new ClosedLoop(fleet, meter, pace);
  const ledger = new TopicLedger(members.length * membersPerRoom);
  const receive = loop.receiver(ledger, (receiver, sender) => receiver * membersPerRoom + (sender % membersPerRoom));
  const audience = membersPerRoom - 1 + target.echoes;
  for (const member of members) {
    member.onDelivery = receive;
    loop.addSender(member, fleet.dialect.publish(roomOf(member.index), pace.bodyBytes), audience);
  }

  const measured = await loop.run();
  await fleet.close();
  const sentOf = (row: number): number => {
    const receiver = Math.floor(row / membersPerRoom);
    const sender = receiver - (receiver % membersPerRoom) + (row % membersPerRoom);
    return sender === receiver && target.echoes === 0 ? 0 : loop.sentBy(sender);
  };
  return { ...measured, ledger: ledger.close(sentOf) };
}
