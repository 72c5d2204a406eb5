import { z } from 'zod';
import type { NodeInfo } from '../../broker/engine.ts';
import type { Keys } from './keys.ts';
import type { Link } from './link/link.ts';
import { listOf, numberOf, textOf } from './reply.ts';
import { call, SCRIPTS } from './scripts.ts';

/** What nodes say of themselves. A node of another version may say more or less. */
const described = z.object({
  id: z.string().catch(''),
  version: z.string().catch(''),
  connections: z.number().catch(0),
  sessions: z.number().catch(0),
  subscriptions: z.number().catch(0),
  messagesIn: z.number().catch(0),
  messagesOut: z.number().catch(0),
  memoryBytes: z.number().catch(0),
  address: z.string().catch(''),
});

/** Who else is there. */
export class Directory {
  readonly #keys: Keys;
  readonly #link: Link;

  constructor(keys: Keys, link: Link) {
    this.#keys = keys;
    this.#link = link;
  }

  async nodes(): Promise<NodeInfo[]> {
    return (await this.#members()).map(({ info }) => info);
  }

  async tell(node: string, command: string): Promise<boolean> {
    // They come by their last beat: a member whose joining was never answered stands before its successor.
    const found = (await this.#members()).findLast(({ info }) => info.id === node);
    if (!found) return false;
    return numberOf(await call(this.#link, this.#keys, SCRIPTS.tell, { node: found.member, command })) === 1;
  }

  async #members(): Promise<{ readonly member: string; readonly info: NodeInfo }[]> {
    const reply = listOf(await call(this.#link, this.#keys, SCRIPTS.nodes, {}));
    const members: { member: string; info: NodeInfo }[] = [];
    for (let i = 0; i < reply.length; i += 4) {
      const member = textOf(reply[i]);
      const said = described.parse(JSON.parse(textOf(reply[i + 3])));
      members.push({ member, info: { ...said, seenAt: numberOf(reply[i + 1]), startedAt: numberOf(reply[i + 2]) } });
    }
    return members;
  }
}
