import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_BROKER_LIMITS } from './broker/limits.ts';
import { checkConfig, ConfigError, loadConfig, refuseOpenHost, type ConfigInput } from './config.ts';
import { strangersInEnvironment } from './config-source.ts';
import { optionEntries } from './config-table.ts';

/** Runs with a folder of its own that holds the given files. */
function inFolder(files: Readonly<Record<string, string>>, run: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'stompede-config-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
    run(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function problemsOf(input: ConfigInput): readonly string[] {
  try {
    loadConfig({ directory: tmpdir(), ...input });
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    assert.equal(error.exitCode, 78);
    return error.problems;
  }
  return assert.fail('the configuration was accepted');
}

describe('precedence', () => {
  test('defaults hold where nothing is said', () => {
    const config = loadConfig({ directory: tmpdir() });
    assert.equal(config.port, 15_674);
    assert.equal(config.host, '127.0.0.1');
    assert.equal(config.tcpPort, 61_613);
    assert.equal(config.engine, 'embedded');
    assert.deepEqual(config.limits, DEFAULT_BROKER_LIMITS);
  });

  test('flags beat the environment, which beats the file, field by field', () => {
    const file = JSON.stringify({ port: 1, tcpPort: 1, limits: { maxPrefetch: 500, maxComposite: 3 } });
    inFolder({ 'stompede.config.json': file }, (directory) => {
      const config = loadConfig({
        directory,
        environment: { TCP_PORT: '2', PORT: '2', STOMPEDE_LIMITS_MAX_PREFETCH: '600' },
        flags: ['--port', '3'],
      });
      assert.deepEqual([config.port, config.tcpPort, config.limits.maxPrefetch, config.limits.maxComposite], [3, 2, 600, 3]);
    });
  });

  test('CONFIG and --config name another file, the flag first', () => {
    inFolder({ 'a.json': '{"port":1}', 'b.json': '{"port":2}' }, (directory) => {
      assert.equal(loadConfig({ directory, environment: { CONFIG: 'a.json' } }).port, 1);
      assert.equal(loadConfig({ directory, environment: { CONFIG: 'a.json' }, flags: ['--config=b.json'] }).port, 2);
    });
  });

  test('a variable set to nothing is not set', () => {
    assert.equal(loadConfig({ directory: tmpdir(), environment: { PORT: '' } }).port, 15_674);
  });

  test('every option can be said by its variable and by its flag', () => {
    for (const { env, flag, option } of optionEntries()) {
      const value = typeof option.default === 'number' ? String(option.default) : undefined;
      if (value === undefined) continue;
      loadConfig({ directory: tmpdir(), environment: { [env]: value } });
      loadConfig({ directory: tmpdir(), flags: [`${flag}=${value}`] });
    }
  });

  test('names of variables and flags are unique', () => {
    const entries = optionEntries();
    assert.equal(new Set(entries.map(({ env }) => env)).size, entries.length);
    assert.equal(new Set(entries.map(({ flag }) => flag)).size, entries.length);
  });
});

describe('values', () => {
  test('TCP_PORT may be off', () => {
    assert.equal(loadConfig({ directory: tmpdir(), environment: { TCP_PORT: 'off' } }).tcpPort, 'off');
  });

  test('lists are separated by commas, or JSON lists in a file', () => {
    assert.deepEqual(loadConfig({ directory: tmpdir(), environment: { WS_PATHS: '/a, /b' } }).wsPaths, ['/a', '/b']);
    assert.deepEqual(checkConfig({ allowedOrigins: ['https://app.example'] }).allowedOrigins, ['https://app.example']);
  });

  test('users come as pairs, as a list, as an object and from a file; a passcode may hold colons', () => {
    const expected = { anna: 'a:b', bob: 'c' };
    assert.deepEqual(loadConfig({ directory: tmpdir(), environment: { STOMPEDE_USERS: 'anna:a:b,bob:c' } }).users, expected);
    assert.deepEqual(checkConfig({ users: ['anna:a:b', 'bob:c'] }).users, expected);
    assert.deepEqual(checkConfig({ users: expected }).users, expected);
    inFolder({ users: '# ours\nanna:a:b\n\n' }, (directory) => {
      const environment = { STOMPEDE_USERS: 'bob:c', STOMPEDE_USERS_FILE: 'users' };
      assert.deepEqual(loadConfig({ directory, environment }).users, expected);
    });
  });

  test('the result is frozen to its depth', () => {
    const config = loadConfig({ directory: tmpdir() });
    for (const part of [config, config.limits, config.limits.framesAfterLogin, config.wsPaths, config.users]) {
      assert.ok(Object.isFrozen(part));
    }
  });
});

describe('a wrong value stops the start', () => {
  test('with a sentence that names the option, the expected, the got and the where', () => {
    assert.deepEqual(problemsOf({ environment: { PORT: 'abc' } }), [
      'PORT must be a whole number from 0 to 65535, but "abc" came from the environment.',
    ]);
    assert.deepEqual(problemsOf({ flags: ['--log-level', 'loud'] }), [
      '--log-level must be one of fatal, error, warn, info, debug, trace, silent, but "loud" came from the command line.',
    ]);
    inFolder({ 'stompede.config.json': '{"limits":{"maxPrefetch":1.5}}' }, (directory) => {
      assert.deepEqual(problemsOf({ directory }), [
        `limits.maxPrefetch must be a whole number from 1 to 1000000000, but 1.5 came from ${join(directory, 'stompede.config.json')}.`,
      ]);
    });
  });

  test('all at once', () => {
    assert.equal(problemsOf({ environment: { PORT: '-1', TCP_PORT: 'x', DATA_DIR: ' ' } }).length, 3);
  });

  test('without showing a passcode', () => {
    const [problem = ''] = problemsOf({ environment: { STOMPEDE_USERS: 'hunter2' } });
    assert.match(problem, /^STOMPEDE_USERS must be name:passcode pairs/);
    assert.doesNotMatch(problem, /hunter2/);
    const environment = { REDIS_URL: 'redis://:hunter2@h', STOMPEDE_REDIS_CLIENT: 'hiredis' };
    assert.deepEqual(problemsOf({ environment }), ['STOMPEDE_REDIS_CLIENT must be one of redis, ioredis, but "hiredis" came from the environment.']);
  });

  test('when a name is not known, with the nearest that is', () => {
    inFolder({ 'stompede.config.json': '{"prot":1,"limits":{"maxSubscription":1}}' }, (directory) => {
      const [first = '', second = ''] = problemsOf({ directory });
      assert.match(first, /^There is no option prot, .* did you mean port\?$/);
      assert.match(second, /^There is no option limits\.maxSubscription, .* did you mean limits\.maxSubscriptions\?$/);
    });
    assert.match(problemsOf({ flags: ['--prot', '1'] })[0] ?? '', /^There is no flag --prot, .* did you mean --port\?$/);
    assert.throws(() => checkConfig({ toString: 1 }), ConfigError);
  });

  test('when the file is missing though named, is no JSON, or is no object', () => {
    assert.match(problemsOf({ environment: { CONFIG: '/nowhere/x.json' } })[0] ?? '', /there is none at \/nowhere\/x\.json/);
    inFolder({ 'bad.json': '{', 'list.json': '[]', 'part.json': '{"limits":1}' }, (directory) => {
      assert.match(problemsOf({ directory, flags: ['--config', 'bad.json'] })[0] ?? '', /must be a JSON file/);
      assert.match(problemsOf({ directory, flags: ['--config', 'list.json'] })[0] ?? '', /must be an object of options, but \[\]/);
      assert.match(problemsOf({ directory, flags: ['--config', 'part.json'] })[0] ?? '', /^limits must be an object of options, but 1/);
    });
  });

  test('when a flag has no value', () => {
    assert.match(problemsOf({ flags: ['--port'] })[0] ?? '', /--port must be followed by its value/);
  });

  test('when two options contradict each other', () => {
    assert.match(problemsOf({ environment: { STOMPEDE_LIMITS_MIN_HEART_BEAT_MS: '70000' } })[0] ?? '', /minHeartBeatMs must be at most/);
    assert.match(problemsOf({ environment: { STOMPEDE_TLS_CERT: 'a.pem' } })[0] ?? '', /only tlsCert is/);
  });

  test('when a user is named twice', () => {
    assert.equal(problemsOf({ environment: { STOMPEDE_USERS: 'a:1,a:2' } }).length, 1);
    inFolder({ users: 'a:2' }, (directory) => {
      assert.match(problemsOf({ directory, environment: { STOMPEDE_USERS: 'a:1', STOMPEDE_USERS_FILE: 'users' } })[0] ?? '', /named once/);
    });
  });
});

describe('the engine', () => {
  const engineOf = (environment: Readonly<Record<string, string>>): string => loadConfig({ directory: tmpdir(), environment }).engine;

  test('is redis as soon as a Redis is named, unless another one is asked for', () => {
    const REDIS_URL = 'redis://127.0.0.1:6379';
    assert.equal(engineOf({ REDIS_URL }), 'redis');
    assert.equal(engineOf({ REDIS_URL, STOMPEDE_ENGINE: 'memory' }), 'memory');
    assert.equal(engineOf({ REDIS_URL, STOMPEDE_ENGINE: 'embedded' }), 'embedded');
    assert.equal(checkConfig({}, { hasRedisClient: true }).engine, 'redis');
    assert.equal(checkConfig({ redisUrl: REDIS_URL }).engine, 'redis');
  });

  test('redis needs to know which', () => {
    assert.deepEqual(problemsOf({ environment: { STOMPEDE_ENGINE: 'redis' } }), [
      'engine (STOMPEDE_ENGINE) is redis, but which Redis is not said: set redisUrl (REDIS_URL), e.g. redis://127.0.0.1:6379.',
    ]);
  });

  test('redis wants a lease of several beats, and a prefix that fits into names', () => {
    const environment = { REDIS_URL: 'redis://h', STOMPEDE_REDIS_BEAT_MS: '6000' };
    assert.match(problemsOf({ environment })[0] ?? '', /^redis\.leaseMs must be at least 3 times redis\.beatMs, .* 15000 and redis\.beatMs 6000\.$/);
    assert.match(problemsOf({ environment: { STOMPEDE_REDIS_PREFIX: 'a{b}' } })[0] ?? '', /must be 1 to 64 letters, digits and . _ : -/);
  });
});

describe('workers', () => {
  const environment = { REDIS_URL: 'redis://127.0.0.1:6379' };

  test('are one, a number, or as many as there are cores', () => {
    assert.equal(loadConfig({ directory: tmpdir(), environment }).workers, 1);
    assert.equal(loadConfig({ directory: tmpdir(), environment, flags: ['--workers', '4'] }).workers, 4);
    assert.equal(loadConfig({ directory: tmpdir(), environment: { ...environment, STOMPEDE_WORKERS: 'auto' } }).workers, 'auto');
    assert.match(problemsOf({ environment, flags: ['--workers', '0'] })[0] ?? '', /must be a whole number from 1 to 256, or auto/);
  });

  test('share a Redis, or are refused with what to set', () => {
    assert.deepEqual(problemsOf({ flags: ['--workers', '2'] }), [
      'workers must be 1 with the embedded engine, whose messages belong to one process, but it is 2. Set redisUrl (REDIS_URL), and several can share a Redis.',
    ]);
    assert.equal(problemsOf({ flags: ['--workers', 'auto', '--engine', 'memory'], environment }).length, 1);
  });

  test('are nothing for an embedding application', () => {
    assert.throws(() => checkConfig({ redisUrl: 'redis://h', workers: 2 }), /workers must be left out/);
  });
});

describe('variables of our name that no option has', () => {
  test('are told with the nearest that one has', () => {
    const strange = { STOMPEDE_LIMITS_MAX_PREFECH: '1', STOMPEDE_PORT: '1', STOMPEDE_COLOUR: 'red' };
    const fine = { STOMPEDE_INSTALL: '1', STOMPEDE_USERS: 'a:b', PROT: '1' };
    assert.deepEqual(strangersInEnvironment({ ...strange, ...fine }), [
      'There is no variable STOMPEDE_LIMITS_MAX_PREFECH, which stands in the environment; did you mean STOMPEDE_LIMITS_MAX_PREFETCH?',
      'There is no variable STOMPEDE_PORT, which stands in the environment; did you mean PORT?',
      'There is no variable STOMPEDE_COLOUR, which stands in the environment.',
    ]);
  });
});

describe('an open address', () => {
  test('is refused without users, with what to set', () => {
    const [problem = ''] = problemsOf({ environment: { HOST: '0.0.0.0' } });
    assert.match(problem, /^HOST must be a loopback address .* "0\.0\.0\.0"\. Set STOMPEDE_USERS/);
    assert.throws(() => refuseOpenHost('::', false), ConfigError);
  });

  test('is fine with users, as a loopback one is without', () => {
    assert.equal(loadConfig({ directory: tmpdir(), environment: { HOST: '0.0.0.0', STOMPEDE_USERS: 'a:b' } }).host, '0.0.0.0');
    for (const host of ['127.0.0.1', '127.1.2.3', 'localhost', '::1']) refuseOpenHost(host, false);
  });
});
