/** The global names that a compiled chunk of Lua 5.1 uses, in all its functions. */
export interface GlobalUse {
  readonly read: ReadonlySet<string>;
  readonly written: ReadonlySet<string>;
}

const HEADER_BYTES = 12;
const OP_GETGLOBAL = 5;
const OP_SETGLOBAL = 7;

/**
 * Reads what `string.dump` gives on a machine of 64 bits (little endian; int of 4, size_t, instruction and number of 8, 4
 * and 8 octets). The layout is that of `lundump.c`; an instruction has its operation in the lowest 6 bits and, where it
 * names a constant, the number of that in the highest 18.
 */
export function globalsOf(chunk: Buffer): GlobalUse {
  const layout = chunk.subarray(0, HEADER_BYTES).toString('hex');
  if (layout !== '1b4c7561510001040804' + '0800') throw new Error(`expected a chunk of Lua 5.1 for 64 bits, got ${layout}`);
  const use = { read: new Set<string>(), written: new Set<string>() };
  const reader = new Reader(chunk, HEADER_BYTES);
  readFunction(reader, use);
  return use;
}

function readFunction(reader: Reader, use: { read: Set<string>; written: Set<string> }): void {
  reader.string(); // source
  reader.skip(4 + 4); // first and last line
  reader.skip(1 + 1 + 1 + 1); // upvalues, parameters, varargs, stack
  const code = Array.from({ length: reader.int() }, () => reader.int() >>> 0);
  const constants = Array.from({ length: reader.int() }, () => readConstant(reader));
  for (const instruction of code) {
    const operation = instruction & 0x3f;
    if (operation === OP_GETGLOBAL) use.read.add(constants[instruction >>> 14]!);
    if (operation === OP_SETGLOBAL) use.written.add(constants[instruction >>> 14]!);
  }
  for (let left = reader.int(); left > 0; left--) readFunction(reader, use);
  reader.skip(4 * reader.int()); // lines
  for (let left = reader.int(); left > 0; left--) { // locals
    reader.string();
    reader.skip(4 + 4);
  }
  for (let left = reader.int(); left > 0; left--) reader.string(); // names of upvalues
}

function readConstant(reader: Reader): string {
  const kind = reader.byte();
  switch (kind) {
    case 0:
      return 'nil';
    case 1:
      return String(reader.byte() !== 0);
    case 3:
      reader.skip(8);
      return 'a number';
    case 4:
      return reader.string();
    default:
      throw new Error(`expected a constant of Lua 5.1, got one of kind ${kind}`);
  }
}

class Reader {
  readonly #octets: Buffer;
  #at: number;

  constructor(octets: Buffer, at: number) {
    this.#octets = octets;
    this.#at = at;
  }

  skip(count: number): void {
    this.#at += count;
  }

  byte(): number {
    return this.#octets.readUInt8(this.#at++);
  }

  int(): number {
    this.#at += 4;
    return this.#octets.readInt32LE(this.#at - 4);
  }

  /** With its closing NUL, which is not part of it; of length 0 = none. */
  string(): string {
    const length = Number(this.#octets.readBigUInt64LE(this.#at));
    this.#at += 8 + length;
    return this.#octets.toString('latin1', this.#at - length, this.#at - Math.min(length, 1));
  }
}
