import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compileSelector } from './compile-selector.ts';
import { sampleMessage } from './testing/sample-message.ts';

const message = sampleMessage({ yes: 'true', no: 'false', other: 'maybe', seven: '7', word: 'red' });

/** T, F or U (unknown), told apart by what a selector, its opposite and its NULL test select. */
function truthOf(condition: string): string {
  const isSelected = (text: string): boolean => compileSelector(text)!.matches(message);
  const found = [isSelected(condition), isSelected(`NOT (${condition})`), isSelected(`(NOT (${condition})) IS NULL`)];
  assert.equal(found.filter(Boolean).length, 1, `${condition} is exactly one of true, false and unknown`);
  return 'TFU'[found.indexOf(true)]!;
}

const OPERANDS = { T: 'yes', F: 'no', U: 'missing' } as const;

const TABLES: readonly { readonly operator: string; readonly rows: Readonly<Record<string, string>> }[] = [
  { operator: 'AND', rows: { TT: 'T', TF: 'F', TU: 'U', FT: 'F', FF: 'F', FU: 'F', UT: 'U', UF: 'F', UU: 'U' } },
  { operator: 'OR', rows: { TT: 'T', TF: 'T', TU: 'T', FT: 'T', FF: 'F', FU: 'U', UT: 'T', UF: 'U', UU: 'U' } },
];

describe('three-valued logic', () => {
  for (const { operator, rows } of TABLES) {
    test(`has its table for ${operator}`, () => {
      for (const [pair, expected] of Object.entries(rows)) {
        const [left, right] = [...pair].map((truth) => OPERANDS[truth as keyof typeof OPERANDS]);
        assert.equal(truthOf(`${left} ${operator} ${right}`), expected, `${left} ${operator} ${right}`);
        assert.equal(truthOf(`${left} ${operator} ${right} ${operator} ${right}`), expected, 'three operands');
      }
    });
  }

  test('has its table for NOT', () => {
    assert.deepEqual(['NOT yes', 'NOT no', 'NOT missing', 'NOT NOT yes', 'NOT NOT NOT missing'].map(truthOf), ['F', 'T', 'U', 'T', 'U']);
  });

  test('knows nothing of a comparison with NULL, whatever the operator', () => {
    const conditions = [
      'missing = 1', 'missing <> 1', '1 = missing', "missing = 'a'", "'a' <> missing", 'missing = missing', 'missing <> missing',
      'missing = TRUE', 'missing < 1', 'missing >= seven', 'seven > missing', 'missing BETWEEN 1 AND 2', 'missing NOT BETWEEN 1 AND 2',
      "missing IN ('a')", "missing NOT IN ('a')", "missing LIKE '%'", "missing NOT LIKE 'a'", 'missing + 1 = 8', '- missing = 1',
      'seven / 0 = 1', 'seven % 0 = 1', 'word * 2 = 4', '+ word = 4', '1E308 * 10 > 1',
    ];
    for (const condition of conditions) assert.equal(truthOf(condition), 'U', condition);
  });

  test('settles BETWEEN by one bound if that is enough', () => {
    assert.equal(truthOf('seven BETWEEN missing AND 6'), 'F');
    assert.equal(truthOf('seven NOT BETWEEN 8 AND missing'), 'T');
    assert.equal(truthOf('seven BETWEEN missing AND 7'), 'U');
  });

  test('finds values of unlike types neither the same nor different, nor in any order', () => {
    const conditions = [
      'word = 7', 'word <> 7', 'JMSPriority = TRUE', 'word <> FALSE', 'word < 7', 'word >= 7', '7 > word', 'word < other',
      'word BETWEEN 1 AND 9', 'word IN (7)', "JMSPriority LIKE '4'", "JMSPriority IN ('red')", 'other = TRUE',
    ];
    for (const condition of conditions) assert.equal(truthOf(condition), 'F', condition);
  });

  test('takes a header by itself as true, false or unknown', () => {
    const found = ['yes', 'no', 'missing', 'other', 'seven', 'JMSPriority', 'TRUE', 'false'].map(truthOf);
    assert.equal(found.join(''), 'TFUUUUTF');
  });

  test('always knows whether something is NULL', () => {
    const ofHeaders = ['missing IS NULL', 'missing IS NOT NULL', 'seven IS NULL', 'seven IS NOT NULL'].map(truthOf);
    assert.equal(ofHeaders.join(''), 'TFFT');
    const ofOthers = ['seven / 0 IS NULL', '(word = 7) IS NOT NULL', '(missing = 7) IS NULL'].map(truthOf);
    assert.equal(ofOthers.join(''), 'TTT');
  });
});
