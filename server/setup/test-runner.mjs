import { relative } from 'node:path';
import { run } from 'node:test';
import { inspect } from 'node:util';
import { ROOT } from './house.mjs';

/** How much of a file's own output is shown when it fails: the end tells most. */
const OUTPUT_CHARACTERS = 20_000;

/**
 * Runs test files with node's own runner, `workers` at a time, each in a process of its own with this process' flags.
 * Prints one line a file as it ends, failing tests in full with what their file printed, the names of the failed once
 * more at the end, and the counts as the closing line. `checks` that ran before (lint, types), `[{ name, ok }]`, are
 * counted with the tests. Resolves with whether all is well. What is aborted counts as failed.
 */
export async function runTests({ files, checks, workers, timeoutMs, signal }) {
  const totals = { passed: 0, failed: 0, skipped: 0, failures: [] };
  for (const { name, ok } of checks) {
    if (ok) totals.passed += 1;
    else fail(totals, name);
  }
  const waiting = [...files];
  const work = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      print(report(await runFile(file, timeoutMs, signal), totals));
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  if (totals.failures.length > 0) print(`\nfailed:\n${totals.failures.map((name) => `  ${name}\n`).join('')}`);
  print(`\n${totals.passed} passed, ${totals.failed} failed${totals.skipped ? `, ${totals.skipped} skipped` : ''}\n`);
  return totals.failed === 0;
}

/** What came of one file. */
async function runFile(path, timeout, signal) {
  const file = { path, passed: 0, failed: 0, skipped: 0, failures: [], output: '', ms: 0 };
  const startedAt = performance.now();
  for await (const { type, data } of run({ files: [path], timeout, signal })) {
    if (type === 'test:stdout' || type === 'test:stderr') file.output = (file.output + data.message).slice(-OUTPUT_CHARACTERS);
    else if (type === 'test:diagnostic' && !isSummary(data.message)) file.output += `${data.message}\n`;
    else if (type === 'test:pass' || type === 'test:fail') count(file, type, data);
  }
  // Node itself is content with a file that holds no test.
  if (file.passed + file.skipped + file.failures.length === 0) file.failures.push({ name: 'the file itself', error: 'it holds no test' });
  file.ms = performance.now() - startedAt;
  return file;
}

function count(file, type, data) {
  const { error, type: kind } = data.details;
  const isFile = data.nesting === 0 && data.name.endsWith(file.path);
  // A parent that only carries its children's failure is counted by them.
  if (error?.failureType === 'subtestsFailed') return;
  if (type === 'test:fail') file.failures.push({ name: isFile ? 'the file itself' : data.name, error });
  else if (isFile || kind === 'suite') return;
  else if (data.skip !== undefined || data.todo !== undefined) file.skipped += 1;
  else file.passed += 1;
}

function report(file, totals) {
  const path = relative(ROOT, file.path);
  const failed = file.failures.length;
  const counts = `${file.passed} passed${failed ? `, ${failed} failed` : ''}${file.skipped ? `, ${file.skipped} skipped` : ''}`;
  let text = `${failed ? 'FAIL' : 'ok  '} ${path}  (${counts}, ${(file.ms / 1000).toFixed(1)} s)\n`;
  for (const { name, error } of file.failures) {
    fail(totals, `${path}  ${name}`);
    text += `\n  FAILED ${name}\n${indent(describe(error))}\n`;
  }
  if (failed && file.output) text += `\n  what the file printed:\n${indent(file.output)}\n\n`;
  totals.passed += file.passed;
  totals.skipped += file.skipped;
  return text;
}

function fail(totals, name) {
  totals.failed += 1;
  totals.failures.push(name);
}

function describe(error) {
  const cause = error?.cause ?? error;
  return typeof cause === 'object' ? inspect(cause, { depth: 6 }) : String(cause ?? 'no error was given');
}

function isSummary(message) {
  return /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/.test(message);
}

function indent(text) {
  return text.trimEnd().replace(/^/gm, '    ');
}

function print(text) {
  process.stdout.write(text);
}

/** Started by test.mjs with `--import tsx` and the order as JSON. */
if (process.argv[1]?.endsWith('test-runner.mjs')) {
  const abort = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => abort.abort());
  const isWell = await runTests({ ...JSON.parse(process.argv[2]), signal: abort.signal });
  if (!isWell) process.exitCode = 1;
}
