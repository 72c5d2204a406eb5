import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureDependencies } from './dependencies.mjs';
import { main, ROOT, run, say, SetupError } from './house.mjs';
import { alone } from './lock.mjs';

const DIST = join(ROOT, 'dist');
const STAMP = join(DIST, '.build.json');
const CONFIGURATION = ['package.json', 'package-lock.json', 'tsconfig.json', 'server/setup/build.mjs', 'server/setup/tsconfig.build.json'];
const isSource = (path) =>
  /\.(ts|tsx|lua)$/.test(path) && !/\.test\.tsx?$/.test(path) && !/^server\/(setup|engines\/engine-contract)\//.test(path);

/**
 * Brings dist/ up to date: the server by tsc (dist/server/**) with its Lua scripts beside it, each page by esbuild
 * (dist/client/<page>/main.js).
 * Fresh or stale is told by a hash over the sources' names and contents, since clones and copies keep no times.
 * An installation without sources has nothing that could be stale. One whose build tools were pruned was built before,
 * on purpose: with `isForStart` it runs as it is, since fetching the tools might need a network that is not there.
 */
export async function ensureBuild({ isForStart = false } = {}) {
  const isBuilt = existsSync(join(DIST, 'server', 'main.js'));
  if (isBuilt && !existsSync(join(ROOT, 'server', 'main.ts'))) return;
  if (await isFresh()) return;
  if (isForStart && isBuilt && !existsSync(join(ROOT, 'node_modules', 'typescript'))) {
    say('the build is older than the sources and its tools are pruned: starting it as it is (to renew it: npm run build)');
    return;
  }
  await ensureDependencies();
  await alone(async () => {
    if (!(await isFresh())) await build();
  });
}

async function build() {
  const startedAt = performance.now();
  const hash = await hashOfSources();
  await rm(STAMP, { force: true });
  await buildServer();
  await copyScripts();
  const pages = await buildPages();
  await sweep();
  await writeFile(STAMP, `${JSON.stringify({ hash })}\n`);
  say(`built the server and ${pages.length} page(s) in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
}

async function buildServer() {
  say('building the server (tsc)');
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const code = await run(process.execPath, [tsc, '--project', join(ROOT, 'server', 'setup', 'tsconfig.build.json')]);
  if (code !== 0) throw new SetupError('the server does not compile: see the lines above');
}

/** Lua scripts are read as files, from beside the module that runs them. */
async function copyScripts() {
  for (const path of (await sourcePaths()).filter((source) => source.endsWith('.lua'))) {
    const copy = join(DIST, path);
    await mkdir(dirname(copy), { recursive: true });
    await copyFile(join(ROOT, path), copy);
  }
}

/** A page is a folder of client/ that has a main.ts. */
async function buildPages() {
  const pages = await pageNames();
  if (pages.length === 0) return pages;
  say(`building the pages (esbuild): ${pages.join(', ')}`);
  const { build: bundle } = await import('esbuild');
  try {
    await bundle({
      absWorkingDir: ROOT,
      entryPoints: pages.map((page) => ({ in: `client/${page}/main.ts`, out: `${page}/main` })),
      outdir: 'dist/client',
      bundle: true,
      format: 'esm',
      target: 'es2022',
      minify: true,
      sourcemap: true,
      logLevel: 'warning',
    });
  } catch (error) {
    if (!Array.isArray(error.errors)) throw error;
    throw new SetupError('a page does not bundle: see the lines above');
  }
  return pages;
}

async function pageNames() {
  const folders = await readdir(join(ROOT, 'client'), { withFileTypes: true });
  return folders
    .filter((entry) => entry.isDirectory() && existsSync(join(ROOT, 'client', entry.name, 'main.ts')))
    .map((entry) => entry.name);
}

/** Removes from dist/ what no source stands behind any more, or a deleted module would go on being served. */
async function sweep() {
  const sources = new Set((await sourcePaths()).map((path) => path.replace(/\.tsx?$/, '')));
  const pages = new Set((await pageNames()).map((page) => `client/${page}/main`));
  for (const path of await filesBelow('dist')) {
    const stem = path.slice('dist/'.length).replace(/(\.d\.ts|\.js|\.js\.map|\.d\.ts\.map)$/, '');
    if (!sources.has(stem) && !pages.has(stem) && stem !== '.build.json') await rm(join(ROOT, path));
  }
}

async function isFresh() {
  if (!existsSync(STAMP) || !existsSync(join(DIST, 'server', 'main.js'))) return false;
  const { hash } = JSON.parse(await readFile(STAMP, 'utf8'));
  return hash === (await hashOfSources());
}

async function hashOfSources() {
  const hash = createHash('sha256');
  for (const path of [...CONFIGURATION, ...(await sourcePaths())]) {
    hash.update(`${path}\0`).update(await readFile(join(ROOT, path))).update('\0');
  }
  return hash.digest('hex');
}

async function sourcePaths() {
  const paths = [...(await filesBelow('server')), ...(await filesBelow('client'))];
  return paths.filter(isSource);
}

/** Paths from the project's folder, with `/`, sorted. */
async function filesBelow(folder) {
  await mkdir(join(ROOT, folder), { recursive: true });
  const entries = await readdir(join(ROOT, folder), { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length).replaceAll('\\', '/'))
    .sort();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(() => ensureBuild());
