import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startBroker, type BrokerProcess } from './harness/broker-process.ts';
import { connectRawClient } from './harness/raw-client.ts';

let broker: BrokerProcess | undefined;
before(async () => {
  broker = await startBroker();
});
after(() => broker?.stop());

test('schedules of one node go on after it was killed, and no firing is lost or comes twice', async () => {
  assert.ok(broker);
  const destination = '/queue/ticks';
  const sender = await connectRawClient(broker, { transport: 'tcp' });
  for (const text of ['a', 'b']) {
    await sender.request('SEND', { destination, AMQ_SCHEDULED_DELAY: '500', AMQ_SCHEDULED_PERIOD: '1000', AMQ_SCHEDULED_REPEAT: '3' }, text);
  }
  await sender.request('SEND', { destination, 'x-delay': '1500' }, 'later');
  await sender.request('SUBSCRIBE', { id: 's', destination, ack: 'client-individual' });
  const ids = new Set<string>();
  const first = await sender.expectFrame('MESSAGE');
  ids.add(first.headers['message-id'] ?? '');
  await sender.request('ACK', { id: first.headers['ack'] ?? '' });
  await broker.restart();
  sender.destroy();
  const reader = await connectRawClient(broker, { transport: 'tcp' });
  await reader.request('SUBSCRIBE', { id: 's', destination });
  while (ids.size < 9) {
    const id = (await reader.expectFrame('MESSAGE')).headers['message-id'] ?? '';
    assert.ok(!ids.has(id), `${id} came twice`);
    ids.add(id);
  }
  await reader.noFrameUntil();
  reader.finish();
});
