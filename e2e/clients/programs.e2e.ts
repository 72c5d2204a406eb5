import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { join } from 'node:path';
import { promisify } from 'node:util';
import assert from 'node:assert/strict';
import { startBroker } from '../harness/broker-process.ts';
import { REPOSITORY } from '../harness/server-build.ts';

/**
 * Clients of other languages, as Debian packages them, each driven by a small program over TCP. A program says `ok` for
 * each thing that worked and ends with another status than 0 at the first that did not.
 */
const execute = promisify(execFile);
const broker = await startBroker({ env: { STOMPEDE_ENGINE: 'memory' } });
after(() => broker.stop());
const interpreters: Record<string, string> = {};

/** Installs what is missing where it may, and otherwise fails with the one line to type. */
before(async () => {
  const setup = join(REPOSITORY, 'server/setup/system-packages.mjs');
  const { stdout } = await execute(process.execPath, [setup, 'stomp-py', 'ruby-stomp', 'net-stomp'], { timeout: 300_000 });
  for (const line of stdout.split('\n').filter(Boolean)) {
    const [name = '', path = ''] = line.split('=');
    interpreters[name] = path;
  }
});

const COMMON = ['connect', 'send', 'send receipt', 'emoji', '1 MiB', 'octets', 'transaction', 'disconnect', 'error'];

const VERSIONS = ['1.0', '1.1', '1.2'];

const PROGRAMS = [
  { name: 'stomp.py', versions: VERSIONS, variable: 'STOMP_PYTHON', file: 'stomp-py.py', steps: [...COMMON, 'subscribe', 'send ack'] },
  { name: 'ruby-stomp', versions: VERSIONS, variable: 'STOMP_RUBY', file: 'ruby-stomp.rb', steps: [...COMMON, 'subscribe'] },
  // Names deliveries by message-id alone, which 1.2 has no more.
  { name: 'Net::Stomp', versions: ['1.0', '1.1'], variable: 'STOMP_PERL', file: 'net-stomp.pl', steps: COMMON },
] as const;

for (const { name, versions, variable, file, steps } of PROGRAMS) {
  describe(name, { concurrency: true }, () => {
    for (const version of versions) {
      test(`does all it can in STOMP ${version}`, async () => {
        const interpreter = interpreters[variable];
        assert.ok(interpreter, `${variable} is known`);
        const program = join(import.meta.dirname, 'programs', file);
        const destination = `/queue/${file}-${version}`;
        const { stdout } = await execute(interpreter, [program, String(broker.tcpPort), version, destination], { timeout: 60_000 });
        const done = new Set(stdout.split('\n').map((line) => line.replace(/^ok /, '')));
        // 1.0 has no NACK: two of the three libraries refuse to send it.
        const expected = version === '1.0' ? steps : [...steps, 'nack'];
        assert.deepEqual(expected.filter((step) => !done.has(step)), [], 'steps that were not reached');
      });
    }
  });
}
