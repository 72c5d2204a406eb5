import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { Keys } from './keys.ts';
import { connectRedis } from './link/connect-redis.ts';
import { argumentsOf, readScript, type Script } from './script.ts';
import { call, SCRIPTS } from './scripts.ts';
import { globalsOf } from './testing/lua-globals.ts';
import { startRedis, type RedisServer } from './testing/redis-server.ts';
import { withLink } from './testing/redis-subject.ts';
import { readArgumentUse, readHead } from './testing/script-head.ts';
import { listOf, octetsOf, textOf } from './reply.ts';

const here = (path: string): URL => new URL(path, import.meta.url);
const scripts: readonly Script[] = Object.values(SCRIPTS);

describe('the scripts', () => {
  test('are all listed, and no others', () => {
    const files = readdirSync(here('./scripts'), { withFileTypes: true }).filter((entry) => entry.isFile()).map(({ name }) => name);
    assert.deepEqual(scripts.map(({ name }) => `${name}.lua`).sort(), files.sort());
  });

  test('include every part there is', () => {
    const parts = readdirSync(here('./scripts/common')).map((name) => name.replace(/\.lua$/, ''));
    const included = new Set(scripts.flatMap(({ name }) => [...readScript(`${name}.lua`).matchAll(/^--@include (\S+)$/gm)].map((match) => match[1]!)));
    assert.deepEqual([...included].sort(), parts.sort());
    for (const { name, source } of scripts) assert.doesNotMatch(source, /^--@include/m, name);
  });

  test('are called by the function that knows their arguments alone', () => {
    const sources = readdirSync(here('.')).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
    const calls = sources.flatMap((name) => [...readFileSync(here(`./${name}`), 'utf8').matchAll(/\.run\(SCRIPTS\.(\w+)/g)].map((match) => `${name} ${match[1]!}`));
    // What it sends was written by `argumentsOf`.
    assert.deepEqual(calls, ['lane.ts apply']);
    assert.match(readFileSync(here('./batch.ts'), 'utf8'), /argumentsOf\(SCRIPTS\.apply, \{/);
  });

  for (const script of scripts) {
    const text = readScript(`${script.name}.lua`);
    test(`${script.name} has a head that tells of its keys, arguments, replies and promises`, () => {
      const { purpose, keys, parameters, hasTail, returns, guarantee } = readHead(text);
      assert.match(purpose, /^[A-Z].+\.$/);
      assert.equal(keys, '1 <P>nodes');
      assert.deepEqual([parameters, hasTail], [script.parameters, script.hasTail]);
      assert.match(returns, /\S/);
      assert.match(guarantee, /\S.*\.$/);
    });

    test(`${script.name} reads the arguments that it is given, by their names`, () => {
      const { numbers, isComputed, locals } = readArgumentUse(text);
      assert.deepEqual([...numbers].sort((a, b) => a - b), script.parameters.map((_, i) => i + 1));
      assert.equal(isComputed, script.hasTail);
      for (const [number, name] of locals) assert.equal(name, script.parameters[number - 1], `argument ${number}`);
    });
  }
});

describe('a head', () => {
  const text = ['-- Does it.', '--', '-- KEYS     1 <P>nodes', '-- ARGV     1 node, 2 count (0, 1), then each wish', '-- RETURNS  {1}', '-- GUARANTEE it', '--          holds.', 'return 1'].join('\n');

  test('is read as it is written', () => {
    assert.deepEqual(readHead(text), { purpose: 'Does it.', keys: '1 <P>nodes', parameters: ['node', 'count'], hasTail: true, returns: '{1}', guarantee: 'it holds.' });
    assert.deepEqual(readHead('-- Does it.\n--\n-- KEYS 1 k').parameters, []);
  });

  test('that counts wrong, or gives no name, is refused', () => {
    assert.throws(() => readHead(text.replace('2 count', '3 count')), /expected '2 name'/);
    assert.throws(() => readHead(text.replace('2 count', '2 how many')), /expected '2 name'/);
  });

  test('is held against what the file reads', () => {
    const { numbers, isComputed, locals } = readArgumentUse("local a, b = ARGV[1], tonumber(ARGV[2])\nlocal c = ARGV[4] == '1' -- ARGV[9]\nf(ARGV[3], ARGV[i])");
    assert.deepEqual([[...numbers], isComputed, locals], [[1, 2, 4, 3], true, [[1, 'a'], [2, 'b'], [4, 'c']]]);
  });
});

describe('for the server', () => {
  let server: RedisServer;
  before(async () => {
    server = await startRedis();
  });
  after(() => server.close());

  const use = <Result>(run: Parameters<typeof withLink<Result>>[1]): Promise<Result> => withLink(connectRedis(server.url, { key: '{x}' }), run);

  test('every command was there in Redis 6.2', () =>
    use(async (link) => {
      const names = new Set(scripts.flatMap(({ source }) => [...source.matchAll(/\bcall(?:Many)?\((?:\w+ and )?'([A-Z]+)'(?: or '([A-Z]+)')?/g)].flatMap(([, one, other]) => [one!, other ?? one!])));
      assert.ok(names.has('HSET') && names.has('SREM') && names.size > 40, [...names].join(' '));
      for (const name of names) {
        const [, facts] = listOf(await link.command(['COMMAND', 'DOCS', name]));
        const words = listOf(facts).map((fact) => (Buffer.isBuffer(fact) ? fact.toString() : ''));
        const [major, minor] = words[words.indexOf('since') + 1]!.split('.').map(Number) as [number, number];
        assert.ok(major < 6 || (major === 6 && minor <= 2), `${name} came with ${major}.${minor}`);
      }
    }));

  test('every global is one of its own, and none is written', () =>
    use(async (link) => {
      const known = async (name: string): Promise<boolean> => {
        const reply = link.command(['EVAL', `return type(${name})`, 0]).then(textOf, () => 'nil');
        return (await reply) !== 'nil';
      };
      for (const { name, source } of scripts) {
        const chunk = octetsOf(await link.command(['EVAL', 'return string.dump(assert(loadstring(ARGV[1])))', 0, source]));
        const { read, written } = globalsOf(chunk);
        assert.ok(read.has('redis') && read.has('KEYS'), `${name}: ${[...read].join(' ')}`);
        assert.deepEqual([...written], [], name);
        for (const global of read) assert.ok(await known(global), `${name} reads ${global}, which is not there`);
      }
      const faulty = octetsOf(await link.command(['EVAL', 'return string.dump(assert(loadstring(ARGV[1])))', 0, 'local function f() return function() wrong = missing end end']));
      assert.deepEqual(globalsOf(faulty), { read: new Set(['missing']), written: new Set(['wrong']) });
      assert.deepEqual([await known('missing'), await known('struct')], [false, true]);
    }));

  test('a call gives each argument by its name, in the order of the head', () =>
    use(async (link) => {
      assert.equal(await call(link, new Keys('x'), SCRIPTS.tell, { command: 'c', node: 'nobody' }), 0);
      assert.deepEqual(argumentsOf(SCRIPTS.tell, { command: 'c', node: 'nobody' }), ['nobody', 'c']);
      // @ts-expect-error: one is missing.
      argumentsOf(SCRIPTS.tell, { node: 'nobody' });
      // @ts-expect-error: one is not its own.
      argumentsOf(SCRIPTS.tell, { command: 'c', node: 'nobody', other: 1 });
    }));
});
