import type { Job, SentWork } from '../work.ts';
import { clockText, fullText, spanText } from '../time-text.ts';
import { element, icon } from './element.ts';

export interface JobActions {
  settle(key: string, verdict: 'ack' | 'nack'): void;
}

export function createJob(job: Job, actions: JobActions): HTMLElement {
  const done = element('button', { type: 'button', class: 'tinted small', 'aria-label': `Done: ${job.title}` }, icon('check'), 'Done');
  const back = element('button', { type: 'button', class: 'plain small', 'aria-label': `Return: ${job.title}` }, icon('return'), 'Return');
  done.addEventListener('click', () => actions.settle(job.key, 'ack'));
  back.addEventListener('click', () => actions.settle(job.key, 'nack'));
  const item = element('li', { class: 'job' }, title(job.title), facts(job), element('div', { class: 'job-actions' }, done, back));
  updateJob(item, job);
  return item;
}

export function updateJob(item: HTMLElement, job: Job): void {
  item.classList.toggle('settling', job.isSettling);
  for (const button of item.querySelectorAll('button')) button.setAttribute('aria-disabled', String(job.isSettling));
}

export function createFinished(job: Job): HTMLElement {
  return element('li', { class: 'job' }, title(job.title), facts(job));
}

export function createSent(work: SentWork, sendAgain: (id: string) => void): HTMLElement {
  const item = element('li', { class: 'job' }, title(work.title));
  updateSent(item, work, sendAgain);
  return item;
}

export function updateSent(item: HTMLElement, work: SentWork, sendAgain: (id: string) => void): void {
  item.dataset['delivery'] = work.delivery;
  const time = element('time', { datetime: new Date(work.sentAt).toISOString(), title: fullText(work.sentAt) }, clockText(work.sentAt));
  const line = element('p', { class: 'job-facts' }, time, state(work));
  if (work.delivery === 'unconfirmed' || work.delivery === 'failed') {
    const again = element('button', { type: 'button', class: 'plain small', 'aria-label': `Send again: ${work.title}` }, 'Send again');
    again.addEventListener('click', () => sendAgain(work.id));
    line.append(again);
  }
  item.querySelector('.job-facts')?.remove();
  item.append(line);
}

function state(work: SentWork): HTMLElement {
  switch (work.delivery) {
    case 'waiting':
      return chip('clock', 'waiting for the connection', 'busy');
    case 'sending':
      return chip('clock', 'sending', 'busy');
    case 'stored':
      return chip('check', 'stored', 'good');
    case 'unconfirmed':
      return chip('alert', 'not confirmed: it may be stored or not', 'busy');
    case 'failed':
      return chip('alert', `not stored: ${work.reason ?? 'refused'}`, 'bad');
  }
}

function facts(job: Job): HTMLElement {
  const waited = element('span', {}, `waited ${spanText(Math.max(0, job.arrivedAt - job.sentAt))}`);
  const line = element('p', { class: 'job-facts' }, waited);
  if (job.isRedelivered) line.append(chip('repeat', `redelivered · delivery ${job.attempt}`, 'busy'));
  return line;
}

function title(text: string): HTMLElement {
  return element('p', { class: 'job-title', dir: 'auto' }, text);
}

function chip(name: string, words: string, tone: string): HTMLElement {
  return element('span', { class: 'chip', 'data-tone': tone }, icon(name), words);
}
