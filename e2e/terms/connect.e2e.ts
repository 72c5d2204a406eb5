import assert from 'node:assert/strict';
import { rowsOf } from './row.ts';

const row = rowsOf({ STOMPEDE_USERS: 'ann:secret' });
const LOGIN = { login: 'ann', passcode: 'secret' };

row('CONNECT version: is the highest that both know', async (scene) => {
  for (const [offered, agreed] of [['1.0,1.1,1.2', '1.2'], ['1.1,1.0', '1.1'], ['1.0', '1.0'], ['1.3,1.1', '1.1']] as const) {
    const client = await scene.open();
    assert.equal((await client.connect({ ...LOGIN, 'accept-version': offered })).headers['version'], agreed);
  }
  const client = await scene.open();
  client.frame('CONNECT', { ...LOGIN, 'accept-version': '2.0' });
  await client.expectError(/^Version mismatch$/);
});

row('CONNECT host: is of no consequence', async (scene) => {
  for (const host of ['/', 'localhost', 'a.virtual.host']) await (await scene.open()).connect({ ...LOGIN, host });
});

row('CONNECT login: says who it is, and CONNECTED repeats it', async (scene) => {
  const connected = await (await scene.open()).connect(LOGIN);
  assert.equal(connected.headers['user-name'], 'ann');
  const stranger = await scene.open();
  stranger.frame('CONNECT', { ...LOGIN, passcode: 'guess', 'accept-version': '1.2', host: '/' });
  await stranger.expectError(/^Bad CONNECT$/);
});

row('CONNECT heart-beat: is granted within bounds', async (scene) => {
  for (const [wish, granted] of [['0,0', '0,0'], ['10000,10000', '10000,10000'], ['1,1', '1000,1000'], ['900000,0', '0,60000']] as const) {
    assert.equal((await (await scene.open()).connect({ ...LOGIN, 'heart-beat': wish })).headers['heart-beat'], granted);
  }
});

row('CONNECT request id: comes back as response-id', async (scene) => {
  const { headers } = await (await scene.open()).connect({ ...LOGIN, 'request-id': 'r:7' });
  // Neither CONNECT nor CONNECTED is escaped.
  assert.equal(headers['response-id'], 'r:7');
  assert.equal((await (await scene.open()).connect(LOGIN)).headers['response-id'], undefined);
});

row('CONNECT soft errors: keep a connection whose SEND is refused', async (scene) => {
  const client = await scene.open();
  await client.connect({ ...LOGIN, 'x-soft-errors': 'true' });
  await client.request('SUBSCRIBE', { id: 'e', destination: '/user/queue/errors' });
  client.frame('SEND', { destination: '/nowhere', receipt: 'r' });
  const { headers } = await client.expectFrame('MESSAGE');
  assert.deepEqual([headers['code'], headers['receipt-id']], ['unknown-prefix', 'r']);
  await client.noFrameUntil();
});
