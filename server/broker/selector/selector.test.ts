import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compileSelector } from './compile-selector.ts';
import { sampleMessage } from './testing/sample-message.ts';

const message = sampleMessage({
  age: '21',
  weight: '2700.5',
  color: 'red',
  country: 'Peru',
  phone: '12993',
  owner: "O'Neil",
  isGold: 'True',
  small: '-.5',
  big: '1e3',
  zip: '007',
  underscored: 'a_b',
  empty: '',
  'order-type': 'express',
  'x.trace.id': '77',
  $cost_1: '5',
  größe: 'XL',
});

function selects(...selectors: string[]): void {
  for (const text of selectors) assert.equal(compileSelector(text)?.matches(message), true, text);
}

function refuses(...selectors: string[]): void {
  for (const text of selectors) assert.equal(compileSelector(text)?.matches(message), false, text);
}

describe('a selector', () => {
  test('is none if the text is blank', () => {
    for (const text of ['', ' \t\r\n', 'convert_string_expressions:', ' hyphenated_props: ']) assert.equal(compileSelector(text), undefined);
  });

  test('keeps its text', () => {
    assert.equal(compileSelector(' age = 21 ')?.text, ' age = 21 ');
  });

  test('compares texts letter by letter', () => {
    selects(
      "color = 'red'", "color <> 'Red'", "'red' = color", "owner = 'O''Neil'", "empty = ''", "zip <> '7'",
      "color = 'red' AND color <> country",
    );
    refuses("color = 'Red'", "color <> 'red'", "age = '21.0'", "empty <> ''");
  });

  test('compares numbers by their value, however they are written', () => {
    selects(
      'age = 21', 'age = 21.0', 'age = 2.1E1', 'age = 0x15', 'age = 21L', 'age = 21.', 'age = 2100e-2', 'age = 21d',
      'small = -.5', 'small = - 0.5f',
    );
    selects(
      'big = 1000', 'zip = 7', 'age <> 22', 'age > 20.9', 'age >= 21', 'age < 22', 'age <= 21', '20 < age', 'small < 0',
      'age < weight',
    );
    refuses('age = 22', 'age <> 21', 'age > 21', 'age < 21', 'age >= 21.1', 'empty = 0', 'empty < 1');
  });

  test('is exact beyond 2^53 beside the integers it takes', () => {
    const long = sampleMessage({ id: '9007199254740993' });
    assert.equal(compileSelector("id = '9007199254740993'")?.matches(long), true);
    assert.equal(compileSelector('id > 9007199254740991')?.matches(long), true);
    assert.equal(compileSelector('id = 9007199254740991')?.matches(long), false);
  });

  test('takes for a number only what looks like one', () => {
    const values = ['1.5', '+1.5', '15e-1', '1.50', '01.5'];
    const others = [
      '1,5', ' 1.5', '1.5 ', '1.5x', '0x1', 'NaN', 'Infinity', '1e999', '.', '-', '1e', '', `1.5${'0'.repeat(500)}`,
    ];
    for (const value of values) assert.equal(compileSelector('a = 1.5')?.matches(sampleMessage({ a: value })), true, value);
    for (const value of others) assert.equal(compileSelector('a > 0 OR a <= 0')?.matches(sampleMessage({ a: value })), false, value);
  });

  test('compares booleans with =, <> and by themselves', () => {
    selects(
      'isGold', 'isGold = TRUE', 'isGold <> FALSE', 'TRUE = isGold', 'isGold = (age > 18)', '(age > 18) <> (age > 99)',
      'NOT (isGold = false)',
    );
    refuses('NOT isGold', 'isGold = FALSE', 'isGold <> TRUE', "isGold = 'true'", 'FALSE');
  });

  test('has BETWEEN with both bounds', () => {
    selects(
      'age BETWEEN 21 AND 22', 'age BETWEEN 20 AND 21 AND isGold', 'age NOT BETWEEN 22 AND 30',
      '5 BETWEEN 2 + 2 AND age', 'NOT age BETWEEN 22 AND 23',
    );
    refuses('age BETWEEN 22 AND 20', 'age NOT BETWEEN 15 AND 21', 'age BETWEEN 30 AND 10');
  });

  test('has IN for texts and numbers', () => {
    selects(
      "country IN ('UK', 'US', 'Peru')", "country NOT IN ('UK')", 'age IN (1, 21)', 'small IN (- 0.5)', 'zip IN (+7)',
      "JMSPriority IN ('4.0')", "'a' IN ('a')", 'age + 1 IN (22)',
    );
    refuses("country IN ('peru')", "country NOT IN ('Peru')", "zip IN ('7')", 'zip NOT IN (7)', "age IN ('21.0')");
  });

  test('has LIKE with %, _ and ESCAPE', () => {
    selects(
      "phone LIKE '12%3'", "phone LIKE '1299_'", "phone LIKE '%'", "color LIKE 'r_d'",
      "underscored LIKE 'a\\_b' ESCAPE '\\'", "color NOT LIKE '%blue%'", "country LIKE '%er%'", "empty LIKE ''",
    );
    refuses(
      "phone LIKE '12_3'", "phone LIKE '2%'", "color LIKE 'R%'", "country NOT LIKE 'P%'",
      "color LIKE 'r\\_d' ESCAPE '\\'", "color LIKE ''",
    );
  });

  test('calculates with * / % before + -, from the left', () => {
    selects(
      'age + 2 * 3 = 27', '(age + 2) * 3 = 69', 'age - 1 - 1 = 19', '100 / 10 / 2 = 5', 'age / 2 = 10.5', 'age % 4 = 1',
      '-age = -21', '- - age = 21', '2 * -3 = -6', '+age = 21',
    );
    selects('age+1=22', 'weight - 0.5 = 2700', '7 - 2 % 4 = 5', '3 - -1 = 4', '5-3=2', '(age)-1 = 20');
  });

  test('binds NOT before AND before OR, and each after comparisons', () => {
    selects(
      "NOT color = 'blue'", "isGold OR isGold AND color = 'blue'", 'NOT FALSE AND TRUE', 'NOT NOT isGold',
      'TRUE OR FALSE AND FALSE',
    );
    refuses("(isGold OR isGold) AND color = 'blue'", "NOT (color = 'red' OR FALSE)", "NOT color = 'red' OR FALSE");
  });

  test('knows keywords in any case, and names in their own', () => {
    selects("color iN ('red') aNd noT age is Null", 'Color IS NULL', 'tRuE');
  });

  test('takes hyphens and dots as parts of a name; subtraction needs a blank before it', () => {
    selects(
      "order-type = 'express'", 'x.trace.id = 77', 'age -1 = 20', 'age-1 IS NULL',
      "hyphenated_props:order-type = 'express'", 'not-null IS NULL', 'true.x IS NULL',
    );
  });

  test('takes letters of any script, _ and $ in names', () => {
    selects("größe = 'XL'", '$cost_1 = 5', '_x IS NULL', 'in_ IS NULL');
  });

  test('takes the prefixes of ActiveMQ and Artemis for what is so anyway', () => {
    selects(
      'convert_string_expressions:age > 18',
      "convert_string_expressions:hyphenated_props:order-type = 'express' AND age > 18",
      'hyphenated_props: convert_string_expressions: age > 18',
    );
  });

  test('takes blanks and line ends of all sorts, or none', () => {
    selects("\n age\t>\r\n18 AND\fcolor='red' ", "(age>18)AND(color='red')", "color IN('red')");
  });
});

describe('selectors as they are used with ActiveMQ and Artemis', () => {
  const car = sampleMessage({ type: 'car', color: 'blue', weight: '2600', animal: 'aardvark', 'foo-bar': '0' }, { priority: 3 });

  test('select by type, header and number together', () => {
    assert.ok(compileSelector("JMSType = 'car' AND color = 'blue' AND weight > 2500")?.matches(car));
    assert.ok(!compileSelector("JMSType = 'car' AND color = 'blue' AND weight > 2600")?.matches(car));
  });

  test('select by priority, and by a header with a hyphen', () => {
    assert.ok(compileSelector("AMQPriority = 3 AND animal = 'aardvark'")?.matches(car));
    assert.ok(compileSelector('hyphenated_props:foo-bar = 0')?.matches(car));
  });
});
