import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { REPOSITORY } from '../harness/server-build.ts';

/** The tables of what clients may write, and the word that begins the titles of their tests. */
const SECTIONS: Readonly<Record<string, string>> = {
  Destinations: 'destination',
  'CONNECT and STOMP': 'CONNECT',
  SEND: 'SEND',
  'SUBSCRIBE and UNSUBSCRIBE': 'SUBSCRIBE',
  'ACK and NACK': 'NACK',
  'MESSAGE and ERROR': 'MESSAGE',
};

/** `SEND priority` for the first cell of each row below `## SEND`. */
function rowsIn(page: string): string[] {
  const rows: string[] = [];
  for (const section of page.split(/^## /m).slice(1)) {
    const word = SECTIONS[section.slice(0, section.indexOf('\n')).trim()];
    if (word === undefined) continue;
    const cells = [...section.matchAll(/^\| ([^|]*?) \|/gm)].map((match) => match[1] ?? '');
    // The first is the table's head.
    rows.push(...cells.slice(1).map((cell) => `${word} ${cell}`));
  }
  return rows;
}

/** What stands before the colon of a test's title. */
function rowsTestedIn(source: string): string[] {
  return [...source.matchAll(/\brow\(\s*(['"`])([^:'"`]+):/g)].map((match) => match[2] ?? '');
}

describe('the tables of HEADERS.md', () => {
  test('have a test for each row, and no test is for a row that is not there', () => {
    const rows = rowsIn(readFileSync(join(REPOSITORY, 'server/HEADERS.md'), 'utf8'));
    const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.e2e.ts'));
    const tested = new Set(files.flatMap((name) => rowsTestedIn(readFileSync(join(import.meta.dirname, name), 'utf8'))));
    assert.ok(rows.length > 0);
    assert.deepEqual(rows.filter((row, i) => rows.indexOf(row) !== i), [], 'rows that stand there twice');
    assert.deepEqual(rows.filter((row) => !tested.has(row)), [], 'rows without a test');
    assert.deepEqual([...tested].filter((row) => !rows.includes(row)), [], 'tests of rows that are not there');
  });

  test('are read by section and first cell', () => {
    const page = '# x\n\n| no | row |\n\n## SEND\n\n| what | how |\n|---|---|\n| a b | `c` |\n| d | e |\n\n## Else\n\n| f | g |\n|---|---|\n| h | i |\n';
    assert.deepEqual(rowsIn(page), ['SEND a b', 'SEND d']);
    assert.deepEqual(rowsTestedIn("row('SEND a b: does: it', f); row(\n  'SEND d: x',"), ['SEND a b', 'SEND d']);
  });
});
