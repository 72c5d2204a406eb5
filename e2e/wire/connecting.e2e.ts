import assert from 'node:assert/strict';
import type { StompVersion } from '../harness/client-frame.ts';
import { rulesOf } from './rule.ts';

/** CONNECT, negotiation, CONNECTED. */
const rule = rulesOf();

rule('C1: the first frame must be CONNECT or STOMP', async (scene) => {
  for (const frame of ['SEND\ndestination:/topic/void\n\n\0', 'SUBSCRIBE\nid:s\ndestination:/queue/a\n\n\0', 'DISCONNECT\nreceipt:r\n\n\0']) {
    const client = await scene.open();
    client.send(frame);
    await client.expectError();
  }
});

rule('C2: STOMP is handled as CONNECT', async (scene) => {
  const client = await scene.open();
  client.send(`STOMP\naccept-version:${scene.version}\nhost:localhost\n\n\0`);
  assert.equal((await client.expectFrame('CONNECTED')).headers['version'], scene.version);
  await client.request('SEND', { destination: '/topic/void' });
});

rule('C3: without accept-version the client speaks 1.0', async (scene) => {
  const client = await scene.open({ version: '1.0' });
  client.send('CONNECT\n\n\0');
  assert.equal((await client.expectFrame('CONNECTED')).headers['version'], '1.0');
  const destination = scene.queue();
  await client.request('SUBSCRIBE', { id: 's', destination });
  client.send(`SEND\ndestination:${destination}\nx:a\\nb\n\n\0`);
  assert.equal((await client.expectFrame('MESSAGE')).headers['x'], 'a\\nb');
});

rule('C4: the highest common version is chosen, in whatever order and company it is offered', async (scene) => {
  const offers: [string, StompVersion][] = [
    ['1.0', '1.0'],
    ['1.0,10.1', '1.0'],
    ['1.0,1.1,2.0', '1.1'],
    ['1.2,1.1,1.0', '1.2'],
    ['1.0,1.1,1.2', '1.2'],
    ['1.1, 1.2', '1.2'],
    ['1.20,1.1', '1.1'],
    ['0.9,,1.0,x', '1.0'],
  ];
  for (const [offer, version] of offers) {
    const client = await scene.open();
    client.send(`CONNECT\naccept-version:${offer}\nhost:localhost\n\n\0`);
    assert.equal((await client.expectFrame('CONNECTED')).headers['version'], version, offer);
  }
});

rule('C5: no common version gets an ERROR that lists what is spoken here', async (scene) => {
  for (const offer of ['2.0', '0.9,10.1', 'x']) {
    const client = await scene.open();
    client.send(`CONNECT\naccept-version:${offer}\nhost:localhost\n\n\0`);
    const error = await client.expectError(/^Version mismatch$/);
    assert.equal(error.headers['version'], '1.0,1.1,1.2');
    assert.equal(error.headers['content-type'], 'text/plain');
    assert.equal(error.text, 'Supported versions are 1.0,1.1,1.2');
  }
});

rule('C6 C7 C8 C9: CONNECTED says version, session, server and heart-beat', async (scene) => {
  const [one, two] = [await scene.open(), await scene.open()];
  const sessions = [];
  for (const client of [one, two]) {
    const { headers } = await client.connect();
    assert.equal(headers['version'], scene.version);
    assert.equal(headers['heart-beat'], '0,0');
    // server = name ["/" version] *(SP comment)
    assert.match(headers['server'] ?? '', /^[^\s/]+(\/\S+)?( .+)?$/);
    sessions.push(headers['session']);
  }
  assert.notEqual(sessions[0], sessions[1]);
});

rule('C10: host may be missing or name anything', async (scene) => {
  for (const host of ['', 'host:/\n', 'host:some.other.example\n']) {
    const client = await scene.open();
    client.send(`CONNECT\naccept-version:${scene.version}\n${host}\n\0`);
    assert.equal((await client.expectFrame('CONNECTED')).headers['version'], scene.version);
  }
});

rule('C11 W15: the built-in user logs in by name, or by saying nothing', async (scene) => {
  await scene.connect({ login: 'guest', passcode: 'guest' });
  await scene.connect();
});

rule('C11 C12: a wrong passcode is refused by an ERROR that says why, then the connection ends', async (scene) => {
  const credentials: Record<string, string>[] = [
    { login: 'guest', passcode: 'wrong' },
    { login: 'nobody', passcode: 'guest' },
    { login: 'guest' },
  ];
  for (const headers of credentials) {
    const client = await scene.open();
    client.frame('CONNECT', { 'accept-version': scene.version, host: 'localhost', ...headers });
    // RabbitMQ's text for a refused login.
    const error = await client.expectError(/^Bad CONNECT$/);
    assert.ok(error.text.length > 0);
    assert.ok(!error.text.includes('wrong'));
  }
});

rule('C14: a second CONNECT on an open session is an error', async (scene) => {
  for (const command of ['CONNECT', 'STOMP']) {
    const client = await scene.connect();
    client.send(`${command}\naccept-version:${scene.version}\nhost:localhost\n\n\0`);
    await client.expectError();
  }
});

rule('C15: a receipt on CONNECT or STOMP is not answered', async (scene) => {
  for (const command of ['CONNECT', 'STOMP']) {
    const client = await scene.open();
    client.send(`${command}\naccept-version:${scene.version}\nhost:localhost\nreceipt:early\n\n\0`);
    await client.expectFrame('CONNECTED');
    await client.noFrameUntil();
  }
});

rule('C1 C3: what is sent right behind CONNECT is read in the version that CONNECT brings', async (scene) => {
  const client = await scene.open();
  const destination = scene.queue();
  const accept = scene.version === '1.0' ? '' : `accept-version:${scene.version}\nhost:localhost\n`;
  client.send(`CONNECT\n${accept}\n\0`);
  client.frame('SUBSCRIBE', { id: 's', destination });
  client.frame('SEND', { destination, 'x-a': scene.version === '1.0' ? 'plain' : 'a:b\\c' });
  await client.expectFrame('CONNECTED');
  assert.equal((await client.expectFrame('MESSAGE')).headers['x-a'], scene.version === '1.0' ? 'plain' : 'a:b\\c');
});
