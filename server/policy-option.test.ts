import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { DestinationPolicy } from './broker/policies.ts';
import { checkConfig, ConfigError, loadConfig } from './config.ts';

const POLICIES: readonly DestinationPolicy[] = [
  { destination: '/topic/chat.#', log: { maxMessages: 100, maxAgeMs: 3_600_000 } },
  { destination: '/queue/orders', dedupWindowMs: 0 },
  { destination: '/queue/pay.#', redelivery: { maxAttempts: 3 }, deadLetter: '{queue}.dead', nack: 'dead-letter' },
];

function problemsOf(policies: unknown): string {
  try {
    loadConfig({ directory: tmpdir(), environment: { STOMPEDE_POLICIES: typeof policies === 'string' ? policies : JSON.stringify(policies) } });
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message;
  }
  return assert.fail('the policies were accepted');
}

describe('the option policies', () => {
  test('is JSON in the environment and on the command line, a list in a file and in the options', () => {
    const text = JSON.stringify(POLICIES);
    assert.deepEqual(loadConfig({ directory: tmpdir(), environment: { STOMPEDE_POLICIES: text } }).policies, POLICIES);
    assert.deepEqual(loadConfig({ directory: tmpdir(), flags: ['--policies', text] }).policies, POLICIES);
    assert.deepEqual(checkConfig({ policies: POLICIES }).policies, POLICIES);
    const directory = mkdtempSync(join(tmpdir(), 'stompede-policies-'));
    try {
      writeFileSync(join(directory, 'stompede.config.json'), JSON.stringify({ policies: POLICIES }));
      assert.deepEqual(loadConfig({ directory }).policies, POLICIES);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test('is empty when nothing is said, and a log has no bound of age', () => {
    assert.deepEqual(loadConfig({ directory: tmpdir() }).policies, []);
    const { policies } = checkConfig({ policies: [{ destination: '/topic/a', log: { maxMessages: 5 } }] });
    assert.deepEqual(policies, [{ destination: '/topic/a', log: { maxMessages: 5, maxAgeMs: 0 } }]);
    assert.ok(Object.isFrozen(policies[0]?.log));
  });

  test('says where it is wrong, what was expected and what came', () => {
    assert.match(problemsOf('{'), /^STOMPEDE_POLICIES .*\bexpected JSON: .*the environment/);
    assert.match(problemsOf({}), /expected array.*got \{\}/i);
    assert.match(problemsOf([{ destination: '/topic/a' }, { destination: 'chat' }]), /at \[1\]\.destination: expected \/topic\/ or \/queue\/ and a pattern, got "chat"/);
    assert.match(problemsOf([{ destination: '/topic/' }]), /at \[0\]\.destination: .*got "\/topic\/"/);
    assert.match(problemsOf([{ destination: '/topic/a', log: { maxMessages: 0 } }]), /at \[0\]\.log\.maxMessages: .*>=1.*got 0/);
    assert.match(problemsOf([{ destination: '/topic/a', log: {} }]), /at \[0\]\.log\.maxMessages: .*got nothing/);
    assert.match(problemsOf([{ destination: '/queue/a', log: { maxMessages: 1 } }]), /at \[0\]\.log: expected it for \/topic\/ destinations only/);
    assert.match(problemsOf([{ destination: '/topic/a', logs: 1 }]), /at \[0\]: .*logs/);
    assert.match(problemsOf([{ destination: '/topic/a', nack: 'requeue' }]), /at \[0\]\.nack: expected it for \/queue\/ destinations only/);
    assert.match(problemsOf([{ destination: '/queue/a', nack: 'drop' }]), /at \[0\]\.nack: .*"requeue"\|"dead-letter"\|"discard".*got "drop"/);
    assert.match(problemsOf([{ destination: '/queue/a', redelivery: { maxAttempts: 0 } }]), /at \[0\]\.redelivery\.maxAttempts: .*>=1.*got 0/);
    assert.match(problemsOf([{ destination: '/topic/a', lastValueKey: 'k' }]), /at \[0\]\.lastValueKey: expected it for \/queue\/ destinations only/);
    assert.match(problemsOf([{ destination: '/topic/a', dedupWindowMs: -1 }]), /at \[0\]\.dedupWindowMs: .*>=0.*got -1/);
    for (const deadLetter of ['', '{queue}', '{queue}.{queue}', 'temp:x', 7]) {
      assert.match(problemsOf([{ destination: '/queue/a', deadLetter }]), /at \[0\]\.deadLetter: (expected none or the name of a queue|.*expected string)/);
    }
  });

  test('reads schemas from files, relative to the folder, and refuses those that are none', () => {
    const directory = mkdtempSync(join(tmpdir(), 'stompede-schemas-'));
    const load = (schema: unknown) => loadConfig({ directory, flags: ['--policies', JSON.stringify([{ destination: '/queue/a' }, { destination: '/queue/b', schema }])] });
    const problem = (schema: unknown): string => {
      try {
        load(schema);
      } catch (error) {
        assert.ok(error instanceof ConfigError);
        return error.message;
      }
      return assert.fail('the schema was accepted');
    };
    try {
      writeFileSync(join(directory, 'order.json'), '{"type":"object"}');
      writeFileSync(join(directory, 'list.json'), '[]');
      writeFileSync(join(directory, 'bad.json'), '{');
      assert.deepEqual(load('order.json').policies[1]?.schema, { type: 'object' });
      assert.deepEqual(load({ type: 'object' }).policies[1]?.schema, { type: 'object' });
      assert.match(problem('none.json'), /^policies\[1\]\.schema must name a file with a JSON Schema, but .*none\.json cannot be read/);
      assert.match(problem('bad.json'), /bad\.json cannot be read as JSON: /);
      assert.match(problem('list.json'), /^policies\[1\]\.schema \(.*list\.json\) must be a JSON Schema .*but it is none: schema is invalid/);
      assert.match(problem({ type: 'objekt' }), /^policies\[1\]\.schema must be a JSON Schema .*: schema is invalid: data\/type/);
      assert.match(problem(7), /at \[1\]\.schema: expected a JSON Schema or the path of a file with one, got 7/);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test('refuses what does not go together', () => {
    assert.match(problemsOf([{ destination: '/queue/a', onViolation: 'refuse' }]), /at \[0\]\.onViolation: expected it beside a schema only/);
    assert.match(problemsOf([{ destination: '/queue/a', schema: true, onViolation: 'drop' }]), /at \[0\]\.onViolation: .*"refuse"\|"dead-letter"/);
    assert.match(problemsOf([{ destination: '/topic/a', schema: true, deadLetter: 'x' }]), /at \[0\]\.deadLetter: expected it for \/queue\/ destinations only/);
    assert.match(problemsOf([{ destination: '/queue/a', schema: true, onViolation: 'dead-letter', deadLetter: 'none' }]), /at \[0\]\.deadLetter: expected a queue beside onViolation dead-letter/);
    assert.ok(checkConfig({ policies: [{ destination: '/topic/a', schema: true, onViolation: 'dead-letter', deadLetter: 'x' }] }));
  });
});
