import { parseObject, textAt, timeAt } from './chat-body.ts';

/** A piece of work, as it travels. */
export interface Work {
  readonly id: string;
  readonly title: string;
  /** Ms since the epoch by the sender's clock. */
  readonly sentAt: number;
}

export const WORK_QUEUE = '/queue/demo.work';
export const DEAD_LETTER_QUEUE = '/queue/DLQ.demo.work';
export const MAX_TITLE_LENGTH = 120;

export function encodeWork(work: Work): string {
  return JSON.stringify(work);
}

/** Other programs may put work there in any form: then the body itself is the title. */
export function decodeWork(body: string, fallback: { readonly id: string; readonly at: number }): Work {
  const value = parseObject(body);
  const title = textAt(value, 'title') ?? body.trim().slice(0, MAX_TITLE_LENGTH);
  return {
    id: textAt(value, 'id') ?? fallback.id,
    title: title.slice(0, MAX_TITLE_LENGTH) || '(nothing)',
    sentAt: timeAt(value, 'sentAt') ?? fallback.at,
  };
}

const CHORES = ['Resize photo', 'Send invoice', 'Index page', 'Render report', 'Check backup'];

/** The title for those who do not want to think of one; `count` is how many were sent before. */
export function suggestTitle(count: number): string {
  return `${CHORES[count % CHORES.length]} ${count + 1}`;
}
