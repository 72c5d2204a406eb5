import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main, ROOT, run, say, SetupError } from './house.mjs';
import { unpackRedis } from './unpacked-redis.mjs';

/**
 * Programs outside npm that the tests and `npm run cluster` need, each with the variable that tells where it is. A missing one is
 * installed where that is ours to decide, and otherwise ends the run with the one line to type: never a silent skip.
 */
const PROGRAMS = {
  redis: { variable: 'REDIS_SERVER', find: () => onPath('redis-server'), install: installRedis, line: 'apt-get install redis-server' },
  strace: { variable: 'STRACE', find: () => onPath('strace'), install: () => installAsRoot(['strace']), line: 'apt-get install strace' },
  'stomp-py': library('STOMP_PYTHON', 'python3', ['-c', 'import stomp'], 'python3-stomp'),
  'ruby-stomp': library('STOMP_RUBY', 'ruby', ['-e', 'require "stomp"'], 'ruby-stomp'),
  'net-stomp': library('STOMP_PERL', 'perl', ['-MNet::Stomp', '-e', '1'], 'libnet-stomp-perl'),
  chromium: { variable: 'CHROMIUM_PATH', find: findChromium, install: installChromium, line: 'npx playwright install --with-deps chromium' },
};

/** A STOMP library of another language, as Debian packages it; the tests need the interpreter that finds it. */
function library(variable, interpreter, args, name) {
  const find = () => interpreterWith(interpreter, args);
  return { variable, find, install: () => installAsRoot([name]), line: `apt-get install ${name}` };
}

/** Resolves with the variables for the tests' environment, e.g. `{ REDIS_SERVER: '/usr/bin/redis-server' }`. */
export async function ensureSystemPackages(names = Object.keys(PROGRAMS)) {
  const variables = {};
  for (const name of names) {
    const { variable, find, install, line } = PROGRAMS[name];
    const given = process.env[variable];
    if (given && !existsSync(given)) throw new SetupError(`${variable} names ${given}, which does not exist`);
    const path = given || (await find()) || (await install()) || (await find());
    if (!path) throw new SetupError(`${name} is needed, and is not here and could not be installed. Type: ${line}`);
    variables[variable] = path;
  }
  return variables;
}

/** A version manager's interpreter comes first on many PATHs and knows nothing of Debian's libraries. */
async function interpreterWith(interpreter, args) {
  for (const path of [await onPath(interpreter), `/usr/bin/${interpreter}`]) {
    if (path && existsSync(path) && (await succeeds(path, args))) return path;
  }
  return undefined;
}

function succeeds(command, args) {
  return new Promise((resolve) => {
    execFile(command, args, (error) => resolve(error === null));
  });
}

async function installRedis() {
  if (isRoot()) await installDebianPackages(['redis-server']);
  else return unpackRedis();
}

async function installAsRoot(packages) {
  if (isRoot()) await installDebianPackages(packages);
}

async function findChromium() {
  const found = (await onPath('chromium')) ?? (await onPath('chromium-browser')) ?? (await onPath('google-chrome'));
  if (found) return found;
  const { chromium } = await import('playwright');
  const own = chromium.executablePath();
  return existsSync(own) ? own : undefined;
}

/** A browser is not put on someone's machine unasked; one in Playwright's own folder harms nobody. */
async function installChromium() {
  const isAllowed = Boolean(process.env.CI) || process.env.STOMPEDE_INSTALL === '1';
  if (isAllowed && isRoot() && (await installDebianPackages(['chromium']))) return;
  say("downloading Playwright's Chromium");
  await run(process.execPath, [join(ROOT, 'node_modules', 'playwright', 'cli.js'), 'install', 'chromium']);
}

let areListsFresh = false;

/** Installs packages on Debian and Ubuntu, as root; false where that is not possible or failed. */
export async function installDebianPackages(packages) {
  if (!(await onPath('apt-get'))) return false;
  say(`installing ${packages.join(', ')} (apt-get)`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // The lists of a fresh machine are empty or old; once a run is enough.
  if (!areListsFresh && (await run('apt-get', ['update', '-q'], { env })) !== 0) say('apt-get update failed; trying with the lists there are');
  areListsFresh = true;
  return (await run('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...packages], { env })) === 0;
}

export function isRoot() {
  return process.getuid?.() === 0;
}

/** The path of a program, or undefined. Debian keeps some servers in sbin, which users seldom have on their PATH. */
export async function onPath(program) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  for (const folder of folders.filter(Boolean)) {
    const path = join(folder, program);
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(async () => {
    const variables = await ensureSystemPackages(process.argv.length > 2 ? process.argv.slice(2) : undefined);
    for (const [name, value] of Object.entries(variables)) process.stdout.write(`${name}=${value}\n`);
  });
}
