import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { parseCommandLine } from './options.ts';
import { runBench } from './run.ts';
import { toMarkdown } from './table.ts';

/** `npm run bench`: see README.md in this folder, above all for how the figures mislead. */
const BAD_CONFIGURATION = 78;

const options = parseCommandLine(process.argv.slice(2), new Date());
if (typeof options === 'string') {
  const asked = process.argv.includes('--help');
  (asked ? process.stdout : process.stderr).write(`${options}\n`);
  process.exit(asked ? 0 : BAD_CONFIGURATION);
}

const report = await runBench(options, (line) => console.error(line));
mkdirSync(dirname(resolve(options.json)), { recursive: true });
writeFileSync(options.json, `${JSON.stringify(report.toJson(), undefined, 2)}\n`);
process.stdout.write(toMarkdown(report));
console.error(`figures of every round: ${relative('.', options.json)}`);
process.exitCode = report.isFlawless ? 0 : 1;
