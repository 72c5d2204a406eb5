import type { Argument, Bus, BusEvents, Link, LinkEvents, Redis, Reply } from '../link/link.ts';
import type { Script } from '../script.ts';

export interface ScriptCall {
  /** Name of the link. */
  readonly link: string;
  readonly script: Script;
  readonly argv: readonly Argument[];
}

/** Stands between an engine and its Redis: every script and command passes by a test, and links are down while it says so. */
export class MeddledRedis implements Redis {
  /** Called for each script; `pass` runs it. */
  meddle: (call: ScriptCall, pass: () => Promise<Reply>) => Promise<Reply> = (_call, pass) => pass();
  /** The same for a plain command. */
  meddleCommand: (args: readonly Argument[], pass: () => Promise<Reply>) => Promise<Reply> = (_args, pass) => pass();
  readonly #redis: Redis;
  readonly #cut = new Set<string>();
  readonly #events = new Map<string, LinkEvents>();

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  get description(): string {
    return this.#redis.description;
  }

  /** That link looks down from now on. */
  cut(name: string): void {
    this.#cut.add(name);
  }

  /** It is up again, and says so. */
  heal(name: string): void {
    this.#cut.delete(name);
    this.#events.get(name)?.onUp();
  }

  openLink(name: string, events: LinkEvents): Link {
    this.#events.set(name, events);
    const link = this.#redis.openLink(name, {
      ...events,
      greet: (connection) => events.greet({ command: (args) => connection.command(args), run: this.#runOn(name, connection) }),
    });
    const isCut = (): boolean => this.#cut.has(name);
    return {
      get isUp() {
        return link.isUp && !isCut();
      },
      command: (args) => this.meddleCommand(args, () => link.command(args)),
      run: this.#runOn(name, link),
      drop: (reason) => { link.drop(reason); },
      close: () => link.close(),
    };
  }

  openBus(name: string, events: BusEvents): Bus {
    return this.#redis.openBus(name, events);
  }

  #runOn(name: string, on: Pick<Link, 'run'>): Link['run'] {
    return (script, key, argv) => this.meddle({ link: name, script, argv }, () => on.run(script, key, argv));
  }
}
