import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import peggy from 'peggy';

const GRAMMAR = fileURLToPath(new URL('../selector.peggy', import.meta.url));
/** Where the parser is kept; it is committed, so that nobody needs peggy to build or to run. */
export const PARSER = fileURLToPath(new URL('../generated-parser.ts', import.meta.url));

const HEAD = `// Made from selector.peggy; to make it anew: node --import tsx server/broker/selector/testing/generate-parser.ts
/* eslint-disable */
// @ts-nocheck
`;

/** What stands in `generated-parser.ts` if it belongs to the grammar. */
export function parserSource(): string {
  const source = peggy.generate(readFileSync(GRAMMAR, 'utf8'), { output: 'source', format: 'es' });
  return HEAD + source.replaceAll(/[ \t]+$/gm, '');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PARSER, parserSource());
