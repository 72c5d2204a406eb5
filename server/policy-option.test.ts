import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { DestinationPolicy } from './broker/policies.ts';
import { checkConfig, ConfigError, loadConfig } from './config.ts';

const POLICIES: readonly DestinationPolicy[] = [
  { destination: '/topic/chat.#', log: { maxMessages: 100, maxAgeMs: 3_600_000 } },
  { destination: '/queue/orders' },
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
    for (const deadLetter of ['', '{queue}', '{queue}.{queue}', 'temp:x', 7]) {
      assert.match(problemsOf([{ destination: '/queue/a', deadLetter }]), /at \[0\]\.deadLetter: (expected none or the name of a queue|.*expected string)/);
    }
  });
});
