import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main, ROOT, run, say, SetupError } from './house.mjs';
import { alone } from './lock.mjs';

const LOCK_FILE = join(ROOT, 'package-lock.json');
const INSTALLED = join(ROOT, 'node_modules', '.package-lock.json');
const REMEMBERED = join(ROOT, 'node_modules', '.stompede-dependencies.json');

/**
 * Sees to it that node_modules holds what the lock file says: everything, or (`need: 'production'`) at least what a
 * running broker imports, so that a pruned installation starts without a network. A hash of the lock file is
 * remembered, which makes the usual answer one read; without it, or when npm was at work since, npm's own record of what
 * it installed is compared.
 */
export async function ensureDependencies({ need = 'everything' } = {}) {
  if (await isInstalled(need)) return;
  await alone(async () => {
    if (await isInstalled(need)) return;
    say('installing the dependencies of package-lock.json (npm ci)');
    const code = await run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund']);
    if (code !== 0) throw new SetupError(`npm ci failed with exit code ${code}; put right what it says above, then: npm ci --include=dev`);
    await remember('everything', await fingerprint());
  });
}

async function isInstalled(need) {
  const print = await fingerprint();
  const remembered = await readJson(REMEMBERED);
  if (remembered?.print === print && (remembered.has === 'everything' || remembered.has === need)) return true;
  const wanted = await readJson(LOCK_FILE);
  const installed = await readJson(INSTALLED);
  if (!wanted || !installed || !holdsAll(wanted.packages, installed.packages, need)) return false;
  await remember(need, print);
  return true;
}

/** Optional packages may be absent, since those of other platforms always are. */
function holdsAll(wanted, installed, need) {
  return Object.entries(wanted).every(([path, { version, optional, devOptional, dev, peer }]) => {
    if (path === '' || optional || devOptional || (need === 'production' && (dev || peer))) return true;
    return installed[path]?.version === version;
  });
}

/** What is wanted, and when npm last changed what is there (`npm prune` changes only that). */
async function fingerprint() {
  const hash = createHash('sha256').update(await readFile(LOCK_FILE)).digest('hex');
  const installedAt = existsSync(INSTALLED) ? (await stat(INSTALLED)).mtimeMs : 0;
  return `${hash} ${installedAt}`;
}

async function remember(has, print) {
  try {
    await writeFile(REMEMBERED, `${JSON.stringify({ has, print })}\n`);
  } catch (error) {
    // A read-only installation is compared in full each time: slower by milliseconds, and right.
    if (!['EROFS', 'EACCES', 'EPERM'].includes(error.code)) throw error;
  }
}

async function readJson(path) {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(() => ensureDependencies());
