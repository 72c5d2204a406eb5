import { readFileSync, writeFileSync } from 'node:fs';
import { withOptionsTable } from '../option-docs.ts';

/** Brings README's table of options up to date. */
const path = new URL('../../README.md', import.meta.url);
const text = withOptionsTable(readFileSync(path, 'utf8'));
if (text === undefined) throw new Error('README.md has lost the marks around its table of options');
writeFileSync(path, text);
