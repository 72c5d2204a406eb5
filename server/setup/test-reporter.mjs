import { relative } from 'node:path';
import { inspect } from 'node:util';
import { ROOT } from './house.mjs';

/** How much of a file's own output is shown when it fails: the end tells most. */
const OUTPUT_CHARACTERS = 20_000;

/**
 * A reporter for node's test runner: one line a file, failing tests in full with what their file printed, the names of
 * the failed once more at the end, and the counts as the closing line. Checks that ran before (lint, types) are handed
 * over in STOMPEDE_CHECKS as JSON `[{ name, ok }]` and counted with the tests.
 */
export default async function* report(events) {
  const totals = { passed: 0, failed: 0, skipped: 0, failures: [] };
  for (const { name, ok } of JSON.parse(process.env.STOMPEDE_CHECKS ?? '[]')) {
    if (ok) totals.passed += 1;
    else fail(totals, name);
  }
  const outputs = new Map();
  let file;
  for await (const { type, data } of events) {
    if (type === 'test:stdout' || type === 'test:stderr') keepOutput(outputs, data);
    else if (type === 'test:diagnostic' && !data.file && !isSummary(data.message)) yield `${data.message}\n`;
    else if (type === 'test:pass' || type === 'test:fail') {
      if (file && file.path !== data.file) yield* closeFile(file, totals, outputs);
      if (file?.path !== data.file) file = { path: data.file, passed: 0, failed: 0, skipped: 0, ms: 0, failures: [] };
      count(file, type, data);
    }
  }
  if (file) yield* closeFile(file, totals, outputs);
  if (totals.failures.length > 0) yield `\nfailed:\n${totals.failures.map((name) => `  ${name}\n`).join('')}`;
  // Node itself is content with a file that holds no test.
  if (totals.failed > 0) process.exitCode = 1;
  yield `\n${totals.passed} passed, ${totals.failed} failed${totals.skipped ? `, ${totals.skipped} skipped` : ''}\n`;
}

function count(file, type, data) {
  if (data.nesting === 0) file.ms += data.details.duration_ms;
  const error = data.details.error;
  // A parent that only carries its children's failure is counted by them.
  if (error?.failureType === 'subtestsFailed') return;
  if (type === 'test:fail') file.failures.push(data);
  else if (data.name === data.file) file.failures.push({ ...data, details: { error: 'it holds no test' } });
  else if (data.details.type === 'suite') return;
  else if (data.skip !== undefined || data.todo !== undefined) file.skipped += 1;
  else file.passed += 1;
}

function* closeFile(file, totals, outputs) {
  const path = relative(ROOT, file.path);
  const failed = file.failures.length;
  const counts = `${file.passed} passed${failed ? `, ${failed} failed` : ''}${file.skipped ? `, ${file.skipped} skipped` : ''}`;
  yield `${failed ? 'FAIL' : 'ok  '} ${path}  (${counts}, ${(file.ms / 1000).toFixed(1)} s)\n`;
  for (const failure of file.failures) {
    const name = failure.name === failure.file ? 'the file itself' : failure.name;
    fail(totals, `${path}:${failure.line ?? 1}  ${name}`);
    yield `\n  FAILED ${name}\n${indent(describe(failure.details.error))}\n`;
  }
  if (failed && outputs.has(file.path)) yield `\n  what the file printed:\n${indent(outputs.get(file.path))}\n`;
  totals.passed += file.passed;
  totals.skipped += file.skipped;
  outputs.delete(file.path);
}

function fail(totals, name) {
  totals.failed += 1;
  totals.failures.push(name);
}

function describe(error) {
  const cause = error?.cause ?? error;
  if (cause instanceof Error || typeof cause === 'object') return inspect(cause, { depth: 6 });
  return String(cause ?? 'no error was given');
}

function keepOutput(outputs, { file, message }) {
  outputs.set(file, `${outputs.get(file) ?? ''}${message}`.slice(-OUTPUT_CHARACTERS));
}

function isSummary(message) {
  return /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/.test(message);
}

function indent(text) {
  return text.trimEnd().replace(/^/gm, '    ');
}
