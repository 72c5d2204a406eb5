import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, describe, test } from 'node:test';
import { Keys } from './keys.ts';
import type { Link } from './link/link.ts';
import { gate, lost, reply, ScriptedLink } from './testing/scripted-link.ts';
import { WildcardTable } from './wildcard-table.ts';

describe('the table of wildcards', () => {
  let link: ScriptedLink;
  let table: WildcardTable;

  beforeEach(async () => {
    link = new ScriptedLink();
    table = new WildcardTable(new Keys('test'), link as unknown as Link);
    link.answer = () => reply('ALL', 3, 'n.1 a.*', 'n.2 #', 'n.1 a.#');
    table.forget('T');
    await turn();
  });

  const nodes = (topic: string): string[] => table.match(topic).split(' ').filter((node) => node !== '').sort();

  test('names each node once whose patterns match', () => {
    assert.equal(table.version, 3);
    assert.deepEqual([nodes('a.b'), nodes('b')], [['n.1', 'n.2'], ['n.2']]);
  });

  test('takes the next change as it is told, and forgets what it matched before', () => {
    assert.deepEqual(nodes('b'), ['n.2']);
    table.changed('+4 T n.3 b');
    assert.deepEqual(nodes('b'), ['n.2', 'n.3']);
    table.changed('-5 T n.2 #');
    assert.deepEqual([nodes('b'), table.version, link.calls.length], [['n.3'], 5, 1]);
  });

  test('hears nothing twice, and nothing of another table', () => {
    table.changed('-3 T n.2 #');
    table.changed('-4 U n.2 #');
    assert.deepEqual([nodes('b'), table.version, link.calls.length], [['n.2'], 3, 1]);
  });

  test('asks for what it missed, from the version it has', async () => {
    link.answer = () => reply('CHANGES', 6, 2, 'n.4 *', 'n.1 a.*', 'n.2 #');
    table.changed('+6 T n.4 *');
    assert.deepEqual(nodes('b'), ['n.2'], 'until it is told');
    await turn();
    assert.deepEqual([nodes('b'), nodes('a.b'), table.version], [['n.4'], ['n.1'], 6]);
    assert.deepEqual(link.shown(), ['wildcards 0', 'wildcards 3']);
  });

  test('asks where a beat tells another version', async () => {
    link.answer = () => reply('CHANGES', 4, 0, 'n.2 #');
    table.seen(3);
    table.seen(4);
    await turn();
    assert.deepEqual([nodes('b'), link.shown()], [[], ['wildcards 0', 'wildcards 3']]);
  });

  test('comes out right when a change is told while an older state is on its way', async () => {
    const said = gate();
    link.answer = async ({ argv: [since] }) => {
      if (since !== '3' || link.calls.length > 2) return reply('CHANGES', 5, 0, 'n.2 #');
      await said.opened;
      return reply('CHANGES', 4, 1, 'n.5 b');
    };
    table.seen(4);
    await turn();
    table.changed('+4 T n.5 b');
    table.changed('-5 T n.2 #');
    said.open();
    await turn();
    table.seen(5);
    await turn();
    assert.deepEqual([nodes('b'), table.version], [['n.5'], 5]);
  });

  test('asks again with the next beat when it could not be told', async () => {
    link.answer = lost;
    table.seen(4);
    await turn();
    link.isUp = false;
    table.seen(4);
    await turn();
    assert.equal(link.calls.length, 2);
    link.isUp = true;
    link.answer = () => reply('CHANGES', 4, 0, 'n.2 #');
    table.seen(4);
    await turn();
    assert.deepEqual([table.version, nodes('b')], [4, []]);
  });

  test('is read as a whole after the store may have forgotten some of it', async () => {
    link.answer = () => reply('ALL', 1, 'n.9 b');
    table.forget('U');
    assert.equal(table.version, 0, 'the store adds whoever came since');
    await turn();
    assert.deepEqual([nodes('b'), table.version], [['n.9'], 1]);
  });
});
