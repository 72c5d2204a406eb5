import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cleanName, HUE_COUNT, hueOf, initialsOf, MAX_NAME_LENGTH, suggestName } from './author.ts';

describe('a name', () => {
  test('is one line without outer or double spaces', () => {
    assert.equal(cleanName('  Ada \n\t Lovelace  '), 'Ada Lovelace');
  });

  test('loses what cannot be seen or turns the text around', () => {
    assert.equal(cleanName('A\u202Ed\u0000a\u200B'), 'Ada');
  });

  test('is empty when nothing is left', () => {
    assert.equal(cleanName(' \u200B \n'), '');
  });

  test('is cut between characters, never inside one', () => {
    const name = cleanName('🦬'.repeat(MAX_NAME_LENGTH + 5));
    assert.equal(name, '🦬'.repeat(MAX_NAME_LENGTH));
  });

  test('keeps one colour of the palette, whatever its case', () => {
    for (const name of ['Ada', 'Grace Hopper', '李', '🦬', '']) {
      const hue = hueOf(name);
      assert.ok(Number.isInteger(hue) && hue >= 0 && hue < HUE_COUNT, `${name}: ${hue}`);
      assert.equal(hueOf(name.toUpperCase()), hue);
    }
  });

  test('spreads over the whole palette', () => {
    const hues = new Set(Array.from({ length: 200 }, (_, index) => hueOf(`name ${index}`)));
    assert.equal(hues.size, HUE_COUNT);
  });

  test('has the initials of its first and last word', () => {
    assert.equal(initialsOf('ada'), 'A');
    assert.equal(initialsOf('Ada King Lovelace'), 'AL');
    assert.equal(initialsOf('👩‍💻 élan'), '👩‍💻É');
    assert.equal(initialsOf(''), '');
  });

  test('is suggested from two lists', () => {
    assert.equal(suggestName(() => 0), 'Quiet Bison');
    assert.equal(suggestName(() => 0.999), 'Curious Wildebeest');
  });
});
