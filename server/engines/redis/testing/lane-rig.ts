import type { Operation, Outcome } from '../../../broker/engine.ts';
import { message } from '../../engine-contract/messages.ts';
import { Holds } from '../holds.ts';
import { Job } from '../job.ts';
import { Keys } from '../keys.ts';
import { Lane } from '../lane.ts';
import type { Argument, Link, Reply } from '../link/link.ts';
import type { Membership } from '../membership.ts';

/** A durable lane, and what is at the other end of its link. */
export class LaneRig {
  readonly lane: Lane;
  readonly link = { isUp: true, run: (_script: unknown, _key: string, argv: readonly Argument[]): Promise<Reply> => this.#answer(argv) };
  readonly #answer: (argv: readonly Argument[]) => Promise<Reply>;

  constructor(answer: (argv: readonly Argument[]) => Promise<Reply>) {
    this.#answer = answer;
    this.lane = new Lane({
      keys: new Keys('test'),
      link: this.link as unknown as Link,
      membership: { node: 'n.1', isMember: true } as Membership,
      lane: 'durable',
      holds: new Holds(),
      // As if this node knew a good deal of wildcards.
      wildcards: { version: 7, match: () => '' },
      topicLogBytes: 0,
    });
  }

  /** Enqueues a message; `ok`, or code and certainty of the failure. */
  async send(): Promise<string> {
    const operations: Operation[] = [{ kind: 'enqueue', queue: 'q', message: message('m') }];
    const outcome = await new Promise<Outcome>((resolve) => {
      this.lane.add(new Job({ operations, lane: 'durable' }, performance.now() + 60_000, resolve));
    });
    return outcome.ok ? 'ok' : `${outcome.failure.code} ${outcome.failure.certainty}`;
  }
}
