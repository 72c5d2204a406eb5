import { describeEngine } from '../engine-contract/describe-engine.ts';
import { describeModel } from '../engine-contract/describe-model.ts';
import { MemoryEngine } from './memory-engine.ts';

const create = async () => ({ engine: new MemoryEngine(), cleanup: async () => undefined });

describeEngine('memory', create);
describeModel('memory', create);
