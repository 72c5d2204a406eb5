/** What the head of a script tells of it, and what its own lines read. */
export interface ScriptHead {
  /** What it is for, in a sentence or more. */
  readonly purpose: string;
  readonly keys: string;
  /** Names of the arguments that are always there, in their order. */
  readonly parameters: readonly string[];
  /** Others follow: the head says `then`. */
  readonly hasTail: boolean;
  readonly returns: string;
  readonly guarantee: string;
}

const SECTION = /^(KEYS|ARGV|RETURNS|GUARANTEE)\s+(.*)$/;

/** Reads the comment that a script begins with: a purpose, an empty line, then sections, of which ARGV may be missing. */
export function readHead(text: string): ScriptHead {
  const sections: Record<string, string> = { purpose: '' };
  let present = 'purpose';
  for (const line of text.split('\n')) {
    if (!line.startsWith('-- ') && line !== '--') break;
    const words = line.slice(2).trim();
    const begun = SECTION.exec(words);
    if (begun) present = begun[1]!;
    sections[present] = `${sections[present] ?? ''} ${begun ? begun[2]! : words}`.trim();
  }
  const [fixed, ...tail] = withoutBrackets(sections['ARGV'] ?? '').split(/\bthen\b/);
  return {
    purpose: sections['purpose']!,
    keys: sections['KEYS'] ?? '',
    parameters: readParameters(fixed!),
    hasTail: tail.length > 0,
    returns: sections['RETURNS'] ?? '',
    guarantee: sections['GUARANTEE'] ?? '',
  };
}

/** `1 node, 2 queue`, counted up from 1. */
function readParameters(text: string): string[] {
  const parts = text.split(',').map((part) => part.trim()).filter((part) => part !== '');
  return parts.map((part, i) => {
    const [, number, name] = /^(\d+) (\w+)$/.exec(part) ?? [];
    if (Number(number) !== i + 1 || name === undefined) throw new Error(`expected '${i + 1} name' among the arguments of the head, got '${part}'`);
    return name;
  });
}

function withoutBrackets(text: string): string {
  return text.replace(/\([^()]*\)/g, '');
}

/** What a script does with its arguments, line by line. */
export interface ArgumentUse {
  /** Numbers that stand as they are: `ARGV[3]`. */
  readonly numbers: ReadonlySet<number>;
  /** Others are computed. */
  readonly isComputed: boolean;
  /** Locals that are nothing but an argument, by its number: `local queue = tonumber(ARGV[3])`. */
  readonly locals: readonly (readonly [number: number, name: string])[];
}

export function readArgumentUse(text: string): ArgumentUse {
  const code = text.replace(/--.*$/gm, '');
  const numbers = new Set([...code.matchAll(/\bARGV\[(\d+)\]/g)].map((match) => Number(match[1])));
  const locals: [number, string][] = [];
  for (const [, names, values] of code.matchAll(/^local ([\w, ]+) = (.+)$/gm)) {
    const each = names!.split(',').map((name) => name.trim());
    for (const [i, value] of values!.split(/,(?![^(]*\))/).entries()) {
      const [, plain, converted, compared] = /^\s*(?:ARGV\[(\d+)\]|tonumber\(ARGV\[(\d+)\]\)|ARGV\[(\d+)\] == '1')\s*$/.exec(value) ?? [];
      const number = plain ?? converted ?? compared;
      if (number !== undefined) locals.push([Number(number), each[i]!]);
    }
  }
  return { numbers, isComputed: /\bARGV\[(?!\d+\])|#ARGV\b|unpack\(ARGV/.test(code), locals };
}
