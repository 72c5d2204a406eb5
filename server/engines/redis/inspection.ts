import { isTemporaryQueue, type LogEntry, type LogPage, type LogPosition, type QueueInfo } from '../../broker/engine.ts';
import { mayBeDurable } from '../../broker/durable-name.ts';
import { messageBytes, type Message } from '../../broker/message.ts';
import type { Durables } from './durables.ts';
import type { Reply } from './link/link.ts';
import type { Membership } from './membership.ts';
import { numberOf, octetsOf, textOf } from './reply.ts';
import type { Questions } from './questions.ts';
import type { Given, Script } from './script.ts';
import { SCRIPTS } from './scripts.ts';
import { decodeLogRecord, decodeStored } from './stored-message.ts';

/** Looking without touching. Rejects with an `EngineError` where the store is away for too long. */
export class Inspection {
  readonly #questions: Questions;
  readonly #membership: Membership;
  readonly #durables: Durables;

  constructor(questions: Questions, membership: Membership, durables: Durables) {
    this.#questions = questions;
    this.#membership = membership;
    this.#durables = durables;
  }

  async readHeld(queue: string, seq: number): Promise<Message | undefined> {
    const [stored] = await this.#ask(SCRIPTS.readHeld, { node: this.#membership.node, queue, seq });
    return stored ? decodeStored(octetsOf(stored)) : undefined;
  }

  async queues(): Promise<QueueInfo[]> {
    const infos = new Map<string, QueueInfo>();
    let cursor = '0';
    do {
      const reply = await this.#ask(SCRIPTS.queues, { cursor });
      cursor = textOf(reply[0]);
      for (let i = 1; i < reply.length; i += 6) {
        const name = textOf(reply[i]);
        const [ready, scheduled, dead, all, bytes] = reply.slice(i + 1, i + 6).map(numberOf) as [number, number, number, number, number];
        const temporary = isTemporaryQueue(name);
        if (temporary || all > 0) infos.set(name, { name, temporary, ready, inFlight: all - ready - scheduled - dead, scheduled, dead, bytes });
      }
    } while (cursor !== '0');
    for (const { name, backlog, backlogBytes } of await this.#durables.list()) {
      if (backlog === 0) continue;
      const own = infos.get(name) ?? { name, temporary: false, ready: 0, inFlight: 0, scheduled: 0, dead: 0, bytes: 0 };
      infos.set(name, { ...own, ready: own.ready + backlog, bytes: own.bytes + backlogBytes });
    }
    return [...infos.values()];
  }

  async browse(queue: string, offset: number, limit: number, maxBytes = Infinity): Promise<Message[]> {
    const messages: Message[] = [];
    let room = maxBytes;
    let place: string | undefined = '';
    let skip = offset;
    while (messages.length < limit && place !== undefined) {
      const reply: readonly Reply[] = await this.#ask(SCRIPTS.browse, { queue, place, skip, limit: limit - messages.length });
      place = textOf(reply[0]) || undefined;
      skip -= numberOf(reply[1]);
      for (const stored of reply.slice(2)) {
        const message = decodeStored(octetsOf(stored));
        room -= messageBytes(message);
        if (room < 0 && messages.length > 0) return messages;
        messages.push(message);
      }
    }
    if (messages.length === limit || !mayBeDurable(queue)) return messages;
    return [...messages, ...(await this.#durables.browse(queue, skip, limit - messages.length, room, messages.length))];
  }

  async readLog(topic: string, after: LogPosition | undefined, limit: number): Promise<LogPage> {
    const reply = await this.#ask(SCRIPTS.readLog, { topic, epoch: after?.epoch ?? '*', place: after?.offset ?? 0, limit });
    if (reply.length === 0) return { epoch: '', last: 0, entries: [], isComplete: after === undefined };
    const [last, isKnown, next] = reply.slice(1, 4).map(numberOf) as [number, number, number];
    const entries: LogEntry[] = [];
    for (let i = 4; i < reply.length; i += 2) {
      entries.push({ offset: numberOf(reply[i]), message: decodeLogRecord(octetsOf(reply[i + 1])).message });
    }
    return { epoch: textOf(reply[0]), last, entries, isComplete: isKnown === 1 && next === (after?.offset ?? 0) + 1 };
  }

  #ask<Name extends string>(script: Script<Name>, given: Given<NoInfer<Name>>): Promise<readonly Reply[]> {
    return this.#questions.ask(script, () => given);
  }
}
