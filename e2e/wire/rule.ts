import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { startBroker, type BrokerOptions, type BrokerProcess } from '../harness/broker-process.ts';
import { Scene } from './scene.ts';
import { describeVariant, variants, type Variant, type VariantFilter } from './variant.ts';

/** Runs one rule in one variant. */
export type RuleBody = (scene: Scene) => Promise<void>;

/** Declares a test whose title begins with the ids of the rules it shows, as in `A2 A3: …`. */
export type Rule = (title: string, body: RuleBody, filter?: VariantFilter) => void;

/** More at once only queue up on the processors, and their waits would measure that. */
const PARALLEL = 12;

/** One broker for all rules of a file, in memory unless told otherwise; its log must stay clean. */
export function rulesOf(options: BrokerOptions = {}): Rule {
  let broker: BrokerProcess | undefined;
  before(async () => {
    broker = await startBroker({ ...options, env: { STOMPEDE_ENGINE: 'memory', ...options.env } });
  });
  after(() => broker?.stop());
  return (title, body, filter = {}) => {
    test(title, async () => {
      assert.ok(broker, 'the broker runs');
      await runEach(variants(filter), broker, body);
      broker.expectNoFaults();
    });
  };
}

/** Runs the body in every variant, several at a time, and fails with a list of those that failed. */
async function runEach(all: readonly Variant[], broker: BrokerProcess, body: RuleBody): Promise<void> {
  assert.ok(all.length > 0, 'a rule has variants');
  const failures: string[] = [];
  const waiting = [...all];
  const work = async (): Promise<void> => {
    for (let variant = waiting.shift(); variant; variant = waiting.shift()) {
      const scene = new Scene(broker, variant);
      try {
        await body(scene);
        scene.finish();
      } catch (error) {
        failures.push(`[${describeVariant(variant)}] ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
        scene.abandon();
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  if (failures.length === 0) return;
  throw new assert.AssertionError({ message: `${failures.length} of ${all.length} variants failed:\n\n${failures.slice(0, 4).join('\n\n')}` });
}
