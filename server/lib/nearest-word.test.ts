import { test } from 'node:test';
import assert from 'node:assert/strict';
import { nearestWord } from './nearest-word.ts';

const words = ['port', 'tcpPort', 'allowedOrigins', 'dataDir'];

test('finds the word behind a slip', () => {
  assert.equal(nearestWord('prot', words), 'port');
  assert.equal(nearestWord('allowedOrigin', words), 'allowedOrigins');
  assert.equal(nearestWord('DATADIR', words), 'dataDir');
  assert.equal(nearestWord('tcp-port', words), 'tcpPort');
});

test('finds nothing where nothing is near', () => {
  assert.equal(nearestWord('redis', words), undefined);
  assert.equal(nearestWord('port', []), undefined);
});
