import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseDestinations, type Destination } from './destination.ts';

const limits = { maxTopicWords: 8, maxDestinationBytes: 100, maxComposite: 4 };

const parse = (text: string): readonly Destination[] => {
  const parsed = parseDestinations(text, limits);
  assert.ok(!('code' in parsed), 'code' in parsed ? parsed.detail : '');
  return parsed;
};

const refusalOf = (text: string): string => {
  const parsed = parseDestinations(text, limits);
  assert.ok('code' in parsed, `expected '${text}' to be refused`);
  return parsed.code;
};

const brief = (text: string): string[] => parse(text).map(({ kind, name }) => `${kind}:${name}`);

describe('a destination', () => {
  test('is read in every spelling of its kind', () => {
    for (const text of ['/queue/a.b', 'queue/a.b', 'queue://a.b', 'jms.queue.a.b', 'a.b']) {
      const [destination] = parse(text);
      assert.equal(destination?.kind, 'queue');
      assert.equal(destination.name, 'a.b');
      assert.equal(destination.canonical, '/queue/a.b');
      assert.equal(destination.text, text);
    }
    for (const text of ['/topic/a', 'topic/a', 'topic://a', 'jms.topic.a']) {
      assert.equal(parse(text)[0]?.canonical, '/topic/a');
    }
  });

  test('keeps slashes in names and decodes %2F only', () => {
    assert.deepEqual(brief('/queue/a/b'), ['queue:a/b']);
    assert.deepEqual(brief('/queue/a%2Fb%2fc%20d'), ['queue:a/b/c%20d']);
  });

  test('finds wildcards in the raw text: as whole words, > only at the end', () => {
    const isPattern = (text: string) => parse(text)[0]?.isPattern;
    for (const text of ['/topic/*', '/topic/a.*.c', '/topic/a.#', '/topic/#.b', '/topic/a.>']) assert.equal(isPattern(text), true, text);
    for (const text of ['/topic/a*', '/topic/a.b#', '/topic/>.a', '/topic/a', '/queue/a.*']) assert.equal(isPattern(text), false, text);
  });

  test('splits a composite only before a known prefix', () => {
    assert.deepEqual(brief('/queue/a,/topic/b'), ['queue:a', 'topic:b']);
    assert.deepEqual(brief('/queue/a, queue://b ,/topic/c.*'), ['queue:a', 'queue:b', 'topic:c.*']);
    assert.deepEqual(brief('/queue/a,b'), ['queue:a,b']);
    assert.deepEqual(brief('/queue/a,b,/topic/c,d'), ['queue:a,b', 'topic:c,d']);
  });

  test('knows temporaries and the addresses of other sessions', () => {
    assert.deepEqual(brief('/temp-queue/x'), ['temp-queue:x']);
    assert.deepEqual(brief('/temp-topic/x'), ['temp-topic:x']);
    assert.deepEqual(brief('/reply-queue/s.1'), ['reply-queue:s.1']);
    assert.deepEqual(brief('/remote-temp-queue/s.1'), ['reply-queue:s.1']);
    assert.deepEqual(brief('/remote-temp-topic/s.1'), ['reply-topic:s.1']);
  });

  test('is one of RabbitMQ’s exchanges: amq.topic is /topic/, the others have a namespace of their own', () => {
    const [topic] = parse('/exchange/amq.topic/a.*.>');
    assert.deepEqual(topic, { kind: 'topic', name: 'a.*.#', text: '/exchange/amq.topic/a.*.>', canonical: '/topic/a.*.#', isPattern: true, isAdvisory: false, mustExist: false });
    const [direct] = parse('/exchange/amq.direct/a.*/b%2Fc');
    assert.deepEqual(direct, {
      kind: 'topic',
      name: 'temp:direct:a.*/b/c',
      text: '/exchange/amq.direct/a.*/b%2Fc',
      canonical: '/exchange/amq.direct/a.*/b/c',
      isPattern: false,
      isAdvisory: false,
      mustExist: false,
    });
    for (const text of ['/exchange/amq.fanout', '/exchange/amq.fanout/any/key']) {
      const [fanout] = parse(text);
      assert.deepEqual([fanout?.name, fanout?.text, fanout?.canonical], ['temp:fanout', text, '/exchange/amq.fanout']);
    }
    assert.deepEqual(brief('/queue/a,/exchange/amq.direct/b,c,/amq/queue/d'), ['queue:a', 'topic:temp:direct:b,c', 'queue:d']);
  });

  test('is a topic of the broker’s own, by ActiveMQ’s name and by a short form', () => {
    for (const text of ['/topic/ActiveMQ.Advisory.Consumer.Queue.>', '/advisory/Consumer.Queue.#', '/exchange/amq.topic/ActiveMQ.Advisory.Consumer.Queue.#']) {
      const [topic] = parse(text);
      assert.deepEqual([topic?.name, topic?.canonical], ['ActiveMQ.Advisory.Consumer.Queue.#', '/advisory/Consumer.Queue.#'], text);
      assert.ok(topic?.isAdvisory && topic.isPattern);
    }
    for (const text of ['/topic/#', '/topic/*.Advisory.Connection', '/topic/ActiveMQ.#', '/topic/ActiveMQ.Advisory', '/queue/ActiveMQ.Advisory.Connection']) {
      assert.equal(parse(text)[0]?.isAdvisory, false, text);
    }
  });

  test('is a queue that has to be there', () => {
    const [queue] = parse('/amq/queue/a/b');
    assert.deepEqual([queue?.kind, queue?.name, queue?.canonical, queue?.mustExist], ['queue', 'a/b', '/queue/a/b', true]);
    assert.equal(parse('/queue/a')[0]?.mustExist, false);
  });

  test('is refused with the precise cause', () => {
    for (const text of ['/exchange/mine/a', '/exchange/amq.headers/a', '/exchange/', '/exchange//a', '/queue/a,/exchange/mine']) {
      assert.equal(refusalOf(text), 'no-such-exchange', text);
    }
    for (const text of ['/exchange/amq.topic', '/exchange/amq.topic/', '/exchange/amq.direct', '/amq/queue/']) assert.equal(refusalOf(text), 'empty-name', text);
    assert.equal(refusalOf(`/exchange/amq.fanout/${'x'.repeat(101)}`), 'destination-too-long');
    assert.equal(refusalOf('/exchange/amq.topic/temp:fanout'), 'reserved-name');
    assert.equal(refusalOf('/amq/queue/temp:queue:x'), 'reserved-name');
    assert.equal(refusalOf('/nowhere/a'), 'unknown-prefix');
    assert.equal(refusalOf('/queue/'), 'empty-name');
    assert.equal(refusalOf(''), 'empty-name');
    assert.equal(refusalOf('/queue/temp:queue:s.1'), 'reserved-name');
    assert.equal(refusalOf('/topic/temp:topic:s.1'), 'reserved-name');
    assert.equal(refusalOf('temp:queue:s.1'), 'reserved-name');
    assert.equal(refusalOf(`/queue/${'x'.repeat(101)}`), 'destination-too-long');
    assert.equal(refusalOf(`/topic/${'a.'.repeat(8)}a`), 'too-many-words');
    assert.equal(refusalOf('/queue/a,/queue/b,/queue/c,/queue/d,/queue/e'), 'composite-too-long');
    assert.equal(refusalOf('/queue/a,/topic/'), 'empty-name');
  });
});
