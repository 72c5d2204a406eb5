import type { Engine } from '../broker/engine.ts';
import { MemoryEngine, type MemoryEngineOptions } from './memory/memory-engine.ts';

export interface EngineChoice {
  readonly engine: 'embedded' | 'memory';
  readonly dataDir: string;
  readonly memory: MemoryEngineOptions;
}

/** The only place that knows the engines by name. */
export function createEngine(choice: EngineChoice): Engine {
  switch (choice.engine) {
    case 'memory':
      return new MemoryEngine(choice.memory);
    case 'embedded':
      throw new Error('the embedded engine is not part of this build; set STOMPEDE_ENGINE=memory');
  }
}
