import type { Headers } from '../protocol/frame.ts';
import { HEADER } from '../protocol/header-names.ts';

/** What a sender asks of the delivery; stored with the message. */
export interface DeliveryTerms {
  readonly priority: number;
  readonly expiresAt: number;
  readonly dueAt: number;
  readonly group: string;
}

const PLAIN: DeliveryTerms = Object.freeze({ priority: 4, expiresAt: 0, dueAt: 0, group: '' });

/** JMS: 0 to 9, 4 by default; what is outside is brought in, what is no number is ignored. */
export function readDeliveryTerms(headers: Headers): DeliveryTerms {
  const priority = headers.get(HEADER.priority);
  const group = headers.get(HEADER.JMSXGroupID) ?? headers.get(HEADER._AMQ_GROUP_ID) ?? headers.get(HEADER.xPartitionKey);
  if (priority === undefined && group === undefined) return PLAIN;
  const number = Number.parseInt(priority ?? '', 10);
  return {
    ...PLAIN,
    priority: Number.isNaN(number) ? PLAIN.priority : Math.min(9, Math.max(0, number)),
    group: group ?? '',
  };
}
