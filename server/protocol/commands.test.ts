import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLIENT_COMMANDS, clientCommandAt, LONGEST_CLIENT_COMMAND, SERVER_COMMANDS } from './commands.ts';

const find = (text: string): string | undefined => clientCommandAt(Buffer.from(`..${text}..`), 2, 2 + text.length);

test('finds every client command in its octets', () => {
  for (const command of CLIENT_COMMANDS) assert.equal(find(command), command);
  assert.equal(LONGEST_CLIENT_COMMAND, 'UNSUBSCRIBE'.length);
});

test('finds nothing in other words of the same length, in lower case, in parts and in server commands', () => {
  for (const word of [
    '',
    'S',
    'SENT',
    'send',
    'Send',
    'CONNEC',
    'CONNECTS',
    'SUBSCRIBES',
    'UNSUBSCRIBER',
    ...SERVER_COMMANDS,
  ]) {
    assert.equal(find(word), undefined, word);
  }
});
