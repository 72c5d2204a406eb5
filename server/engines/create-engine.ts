import type { Engine } from '../broker/engine.ts';
import { EmbeddedEngine } from './embedded/embedded-engine.ts';
import { MemoryEngine, type MemoryEngineOptions } from './memory/memory-engine.ts';

/** Sizes of the embedded engine in octets; 0 = what suits the volume. */
export interface EmbeddedSizes {
  readonly segmentBytes: number;
  readonly memoryBytes: number;
  readonly ballastBytes: number;
  readonly reserveBytes: number;
}

export interface EngineChoice {
  readonly engine: 'embedded' | 'memory';
  readonly dataDir: string;
  readonly embedded: EmbeddedSizes;
  readonly memory: MemoryEngineOptions;
}

/** The only place that knows the engines by name. */
export function createEngine({ engine, dataDir, embedded, memory }: EngineChoice): Engine {
  switch (engine) {
    case 'embedded':
      return new EmbeddedEngine({ directory: dataDir, ...withoutZeros(embedded) });
    case 'memory':
      return new MemoryEngine(memory);
  }
}

function withoutZeros(sizes: EmbeddedSizes): Partial<EmbeddedSizes> {
  return Object.fromEntries(Object.entries(sizes).filter(([, size]) => size !== 0));
}
