import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Message } from '../message.ts';
import { headerReader } from './header-reader.ts';
import { sampleMessage } from './testing/sample-message.ts';

const message = sampleMessage(
  { 'correlation-id': 'c-1', 'reply-to': '/queue/answers', type: 'order', persistent: 'TRUE', JMSXGroupSeq: '2', JMSXUserID: 'ann' },
  { id: 'm-7', destination: '/topic/prices', timestamp: 1000, priority: 9, expiresAt: 2000, group: 'g', body: Buffer.from('größe') },
);
const plain = sampleMessage({});

const read = (name: string, from: Message = message): unknown => headerReader(name)(from);

describe('a name in a selector', () => {
  test('is what JMS calls a part of the message', () => {
    const names = ['JMSMessageID', 'JMSDestination', 'JMSPriority', 'JMSTimestamp', 'JMSExpiration', 'JMSDeliveryMode', 'JMSXGroupID'];
    assert.deepEqual(names.map((name) => read(name)), ['m-7', '/topic/prices', 9, 1000, 2000, 'PERSISTENT', 'g']);
    const fromHeaders = ['JMSCorrelationID', 'JMSReplyTo', 'JMSType', 'JMSXGroupSeq', 'JMSXUserID'];
    assert.deepEqual(fromHeaders.map((name) => read(name)), ['c-1', '/queue/answers', 'order', '2', 'ann']);
  });

  test('is what Artemis calls it', () => {
    const names = ['AMQUserID', 'AMQAddress', 'AMQPriority', 'AMQTimestamp', 'AMQExpiration', 'AMQDurable', 'AMQGroupID', 'AMQSize'];
    assert.deepEqual(names.map((name) => read(name)), ['m-7', '/topic/prices', 9, 1000, 2000, 'DURABLE', 'g', 7]);
  });

  test('is what the broker writes on MESSAGE', () => {
    assert.deepEqual(['message-id', 'destination', 'timestamp'].map((name) => read(name)), ['m-7', '/topic/prices', 1000]);
  });

  test('has a default, or is NULL', () => {
    assert.deepEqual(
      ['JMSDeliveryMode', 'AMQDurable', 'JMSPriority', 'JMSExpiration'].map((name) => read(name, plain)),
      ['NON_PERSISTENT', 'NON_DURABLE', 4, 0],
    );
    const absent = ['JMSXGroupID', 'AMQGroupID', 'JMSCorrelationID', 'JMSReplyTo', 'JMSType', 'JMSXUserID', 'constructor', '__proto__'];
    for (const name of absent) assert.equal(read(name, plain), undefined, name);
  });

  test('is the first of a repeated header', () => {
    assert.equal(read('a', { ...plain, headers: ['b', 'a', 'a', '1', 'a', '2'] }), '1');
  });

  test('is told apart by case', () => {
    assert.equal(read('Type'), undefined);
    assert.equal(read('jmsPriority'), undefined);
  });
});
