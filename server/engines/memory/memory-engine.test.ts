import { describeEngine } from '../engine-contract/describe-engine.ts';
import { MemoryEngine } from './memory-engine.ts';

const create = async () => ({ engine: new MemoryEngine(), cleanup: async () => undefined });

describeEngine('memory', create);
