import { LinkLostError, type Argument, type Link, type Reply } from '../link/link.ts';
import type { Script } from '../script.ts';

export interface ScriptedCall {
  readonly name: string;
  readonly argv: readonly string[];
}

/** A link without a server: a test answers each script. Calls are recorded in the order they were made. */
export class ScriptedLink implements Pick<Link, 'isUp' | 'run' | 'command'> {
  isUp = true;
  readonly calls: ScriptedCall[] = [];
  /** What comes back; it may throw, or keep the caller waiting. */
  answer: (call: ScriptedCall) => Reply | Promise<Reply> = () => {
    throw new Error('expected no call');
  };

  readonly run = async (script: Script, _key: string, args: readonly Argument[]): Promise<Reply> => {
    const call = { name: script.name, argv: args.map(String) };
    this.calls.push(call);
    return this.answer(call);
  };

  readonly command = (): Promise<Reply> => Promise.reject(new Error('expected no command'));

  /** `name first second …` of each call, as far as `words` arguments go. */
  shown(words = Infinity): string[] {
    return this.calls.map(({ name, argv }) => [name, ...argv.slice(0, words)].join(' '));
  }
}

/** Texts and numbers as a server sends them. */
export const reply = (...parts: (string | number | null)[]): Reply => parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part));

/** As when a connection ends before its answer came. */
export const lost = (): never => {
  throw new LinkLostError('it was cut', true);
};

/** A promise and what ends it. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}
