import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuild } from './build.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { ROOT, run, say, SetupError } from './house.mjs';
import { ensureSystemPackages } from './system-packages.mjs';

const USAGE = 'npm test [-- [--checks] [part of a path …]]';
const KINDS = { server: ['.test.ts'], client: ['.test.ts', '.test.tsx'], e2e: ['.test.ts', '.e2e.ts'] };
/** Longer than any file takes; a hung one must not hang the run. */
const FILE_TIMEOUT_MS = 6 * 60_000;

/**
 * `npm test`: set-up, then every test, or those whose path contains one of the arguments. `--checks` runs lint and
 * types first and counts them. However it ends, the last line is `N passed, N failed`.
 */
async function test(parameters) {
  const wishes = parameters.filter((parameter) => !parameter.startsWith('--'));
  const unknown = parameters.find((parameter) => parameter.startsWith('--') && parameter !== '--checks');
  if (unknown) throw new SetupError(`unknown option ${unknown}. Usage: ${USAGE}`);
  await ensureDependencies();
  const files = (await testFiles()).filter((file) => wishes.length === 0 || wishes.some((wish) => file.includes(wish)));
  if (files.length === 0) throw new SetupError(`no test file has ${wishes.join(' or ')} in its path`);
  const checks = parameters.includes('--checks') ? await runChecks() : [];
  // Unit tests run from the sources; a whole process and a browser are the matter of e2e.
  const isWhole = files.some((file) => file.startsWith('e2e/'));
  if (isWhole) await ensureBuild();
  const variables = await ensureSystemPackages(isWhole ? undefined : programsFor(files));
  return runTests(files, checks, { ...process.env, ...variables });
}

/** What unit tests need beside Node. */
function programsFor(files) {
  return files.some((file) => file.startsWith('server/engines/redis/')) ? ['redis'] : [];
}

async function runChecks() {
  const bin = (name, path) => join(ROOT, 'node_modules', name, path);
  const commands = [
    { name: 'lint', args: [bin('eslint', 'bin/eslint.js'), '.'] },
    { name: 'types', args: [bin('typescript', 'bin/tsc'), '--noEmit'] },
  ];
  const checks = [];
  for (const { name, args } of commands) {
    const ok = (await run(process.execPath, args)) === 0;
    say(`${name}: ${ok ? 'ok' : 'FAILED'}`);
    checks.push({ name, ok });
  }
  return checks;
}

/** In a process of its own, whose flags the test files get: tsx lets Node read TypeScript. */
function runTests(files, checks, env) {
  const workers = Math.max(2, Math.min(4, availableParallelism()));
  say(`running ${files.length} test files, ${workers} at a time`);
  const runner = fileURLToPath(new URL('./test-runner.mjs', import.meta.url));
  const order = JSON.stringify({ files, checks, workers, timeoutMs: FILE_TIMEOUT_MS });
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', runner, order], { cwd: ROOT, env, stdio: ['ignore', 'inherit', 'inherit'] });
    // The runner ends its files and tells what it has.
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 128));
  });
}

async function testFiles() {
  const files = [];
  for (const [folder, endings] of Object.entries(KINDS)) {
    if (!existsSync(join(ROOT, folder))) continue;
    for (const entry of await readdir(join(ROOT, folder), { withFileTypes: true, recursive: true })) {
      if (entry.isFile() && endings.some((ending) => entry.name.endsWith(ending))) {
        files.push(join(entry.parentPath, entry.name).slice(ROOT.length).replaceAll('\\', '/'));
      }
    }
  }
  return files.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

/** What is quick and close to the code fails first. */
function rank(file) {
  return Object.keys(KINDS).indexOf(file.slice(0, file.indexOf('/')));
}

try {
  process.exitCode = await test(process.argv.slice(2));
} catch (error) {
  say(error instanceof SetupError ? error.message : error.stack);
  process.stdout.write('\n0 passed, 1 failed\n');
  process.exitCode = 1;
}
