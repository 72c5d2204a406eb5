import assert from 'node:assert/strict';
import { rulesOf } from './rule.ts';

/** How frames are laid out in octets: commands, EOLs, header lines, bodies, NUL. */
const rule = rulesOf();

const ALL_OCTETS = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet));

rule('F1: a frame is a command, header lines, a blank line, a body and NUL', async (scene) => {
  const client = await scene.connect();
  const destination = scene.queue();
  await client.request('SUBSCRIBE', { id: 's', destination });
  client.send(`SEND\ndestination:${destination}\nx-kind:plain\n\nhello\0`);
  // STOMP 1.2: EOL = [CR] LF, mixed as the client likes.
  if (scene.version === '1.2') client.send(`SEND\r\ndestination:${destination}\nx-kind:mixed\r\n\r\nhello\0`);
  for (const kind of scene.version === '1.2' ? ['plain', 'mixed'] : ['plain']) {
    const message = await client.expectFrame('MESSAGE');
    assert.equal(message.headers['x-kind'], kind);
    assert.equal(message.headers['destination'], destination);
    assert.equal(message.text, 'hello');
  }
});

rule('F2: CR before LF is taken off in every version, on CONNECT too', async (scene) => {
  const client = await scene.open();
  const acceptVersion = scene.version === '1.0' ? '' : `accept-version:${scene.version}\r\nhost:localhost\r\n`;
  client.send(`CONNECT\r\n${acceptVersion}login:guest\r\npasscode:guest\r\n\r\n\0`);
  assert.equal((await client.expectFrame('CONNECTED')).headers['version'], scene.version);
  const destination = scene.queue();
  client.send(`SUBSCRIBE\r\nid:s\r\ndestination:${destination}\r\nreceipt:r\r\n\r\n\0`);
  await client.expectReceipt('r');
  client.send(`SEND\r\ndestination:${destination}\r\nx-a:b\r\n\r\n1\r\n\0`);
  const message = await client.expectFrame('MESSAGE');
  assert.equal(message.headers['x-a'], 'b');
  assert.equal(message.text, '1\r\n');
});

rule('F3: EOLs between frames are ignored', async (scene) => {
  const client = await scene.connect();
  const eols = scene.version === '1.2' ? '\r\n\n\r\n' : '\n\n\n';
  for (let i = 0; i < 3; i++) client.send(`SEND\ndestination:/topic/void\nreceipt:r${i}\n\n\0${eols}`);
  for (let i = 0; i < 3; i++) await client.expectReceipt(`r${i}`);
});

rule('F4: EOLs before the first frame, and stray NULs between frames, are ignored', async (scene) => {
  const client = await scene.open();
  client.send('\n\r\n\0\0\n');
  await client.connect();
  client.send('\n\0SEND\ndestination:/topic/void\nreceipt:r1\n\n\0\0\0\n\n');
  client.send('SEND\ndestination:/topic/void\nreceipt:r2\n\n\0');
  await client.expectReceipt('r1');
  await client.expectReceipt('r2');
});

rule('F5: commands and header names are case sensitive', async (scene) => {
  const early = await scene.open();
  early.send('connect\naccept-version:1.2\nhost:localhost\n\n\0');
  await early.expectError(/^Bad command$/);
  const late = await scene.connect();
  late.send('send\ndestination:/topic/void\n\n\0');
  await late.expectError(/^Bad command$/);
  const misspelt = await scene.connect();
  misspelt.send('SEND\nDestination:/topic/void\n\n\0');
  await misspelt.expectError(/^Missing destination$/);
});

rule('F6: a header line splits at its first colon; raw colons in values are accepted', async (scene) => {
  const client = await scene.connect();
  const destination = scene.queue();
  await client.request('SUBSCRIBE', { id: 's', destination });
  client.send(`SEND\ndestination:${destination}\nx-url:http://host:80/a:b\n\n\0`);
  assert.equal((await client.expectFrame('MESSAGE')).headers['x-url'], 'http://host:80/a:b');
});

rule('F7: an empty header name is an error', async (scene) => {
  const client = await scene.connect();
  client.send('SEND\ndestination:/topic/void\n:value\n\n\0');
  await client.expectError();
  const stranger = await scene.open();
  stranger.send('CONNECT\n:value\n\n\0');
  await stranger.expectError();
});

rule('F8: a header value may be empty, but none goes to a 1.0 client', async (scene) => {
  const client = await scene.connect();
  const destination = scene.topic();
  const other = await scene.other();
  await client.request('SUBSCRIBE', { id: 's', destination });
  await other.request('SUBSCRIBE', { id: 's', destination });
  client.send(`SEND\ndestination:${destination}\nx-empty:\nx-full:1\n\n\0`);
  const own = await client.expectFrame('MESSAGE');
  assert.equal(own.headers['x-full'], '1');
  if (scene.version === '1.0') assert.notEqual(own.headers['x-empty'], '');
  else assert.equal(own.headers['x-empty'], '');
  assert.equal((await other.expectFrame('MESSAGE')).headers['x-empty'], '');
});

rule('F9: a header line without a colon is an error', async (scene) => {
  const client = await scene.connect();
  client.send('SEND\ndestination:/topic/void\nno colon here\n\n\0');
  await client.expectError();
});

rule('F10: header names and values are UTF-8', async (scene) => {
  const client = await scene.connect();
  const destination = `${scene.queue()}-ключ-鍵`;
  await client.request('SUBSCRIBE', { id: 'ид-🎉', destination });
  client.frame('SEND', { destination, 'имя-é': 'значение-€-🎉' });
  const message = await client.expectFrame('MESSAGE');
  assert.equal(message.headers['имя-é'], 'значение-€-🎉');
  assert.equal(message.headers['destination'], destination);
  assert.equal(message.headers['subscription'], 'ид-🎉');
});

rule('F11: without content-length a body ends at the first NUL', async (scene) => {
  const client = await scene.connect();
  const destination = scene.queue();
  await client.request('SUBSCRIBE', { id: 's', destination });
  client.send(`SEND\ndestination:${destination}\n\nfirst\0SEND\ndestination:${destination}\n\n\0`);
  assert.equal((await client.expectFrame('MESSAGE')).text, 'first');
  assert.equal((await client.expectFrame('MESSAGE')).text, '');
});

rule('F12: content-length counts octets, NUL among them, on any frame', async (scene) => {
  const client = await scene.connect();
  const destination = scene.queue();
  client.send(`SUBSCRIBE\nid:s\ndestination:${destination}\ncontent-length:0\nreceipt:r\n\n\0`);
  await client.expectReceipt('r');
  const body = Buffer.from('a\0€\0\0b\0');
  client.frame('SEND', { destination }, body);
  client.frame('SEND', { destination }, Buffer.alloc(0));
  assert.deepEqual((await client.expectFrame('MESSAGE')).body, body);
  assert.equal((await client.expectFrame('MESSAGE')).body.length, 0);
});

rule('F13: an octet other than NUL after the counted body is an error', async (scene) => {
  const client = await scene.connect();
  client.send('SEND\ndestination:/topic/void\ncontent-length:3\n\nabcdef\0');
  await client.expectError();
});

rule('F14: a negative or non-numeric content-length is an error, one padded with blanks is not', async (scene) => {
  for (const value of ['-1', 'ten', '1.5', '0x10', '']) {
    const client = await scene.connect();
    client.send(`SEND\ndestination:/topic/void\ncontent-length:${value}\n\nabc\0`);
    await client.expectError();
  }
  const client = await scene.connect();
  client.send('SEND\ndestination:/topic/void\ncontent-length: 5 \nreceipt:r\n\na\0b\0c\0');
  await client.expectReceipt('r');
});

rule('F15: a body of blanks is tolerated on frames that have none', async (scene) => {
  const client = await scene.open();
  client.send(`CONNECT\naccept-version:${scene.version}\nhost:localhost\n\n\n\0`);
  await client.expectFrame('CONNECTED');
  const frames = [
    `SUBSCRIBE\nid:s\ndestination:${scene.queue()}\n`,
    'BEGIN\ntransaction:t\n',
    'COMMIT\ntransaction:t\n',
    'BEGIN\ntransaction:t\n',
    'ABORT\ntransaction:t\n',
    'UNSUBSCRIBE\nid:s\n',
    'DISCONNECT\n',
  ];
  frames.forEach((head, i) => client.send(`${head}receipt:r${i}\n\n\n\n\0`));
  for (let i = 0; i < frames.length; i++) await client.expectReceipt(`r${i}`);
});

rule('F16: CONNECTED and RECEIPT have no body', async (scene) => {
  const client = await scene.open();
  const connected = await client.connect();
  client.frame('BEGIN', { transaction: 't', receipt: 'r' });
  const receipt = await client.expectReceipt('r');
  assert.deepEqual([connected.body.length, receipt.body.length], [0, 0]);
});

rule('F17: a body comes through bit by bit as it was sent', async (scene) => {
  const client = await scene.connect();
  const destination = scene.queue();
  await client.request('SUBSCRIBE', { id: 's', destination });
  const bodies = [ALL_OCTETS, Buffer.from('\n\n'), Buffer.from('trailing\r\n'), Buffer.from([0xc3, 0x28, 0xff]), Buffer.from('\0')];
  for (const body of bodies) client.frame('SEND', { destination }, body);
  for (const body of bodies) assert.deepEqual((await client.expectFrame('MESSAGE')).body, body);
});

rule('F18: the first of repeated headers counts', async (scene) => {
  const client = await scene.connect();
  const [wanted, other] = [scene.queue(), scene.queue()];
  await client.request('SUBSCRIBE', { id: 'wanted', destination: wanted });
  await client.request('SUBSCRIBE', { id: 'other', destination: other });
  client.frame('SEND', [
    ['destination', wanted],
    ['destination', other],
    ['x-twice', 'first'],
    ['x-twice', 'second'],
  ]);
  const message = await client.expectFrame('MESSAGE');
  assert.equal(message.headers['subscription'], 'wanted');
  assert.equal(message.headers['destination'], wanted);
  assert.equal(message.headers['x-twice'], 'first');
  await client.noFrameUntil();
});

rule('F20: an unknown command is an error', async (scene) => {
  const client = await scene.connect();
  client.send('GREET\nx:y\n\n\0');
  await client.expectError(/^Bad command$/);
});

rule('F21: a frame that only servers send is an error', async (scene) => {
  for (const command of ['CONNECTED', 'MESSAGE', 'RECEIPT', 'ERROR']) {
    const client = await scene.connect();
    client.send(`${command}\nmessage-id:1\nreceipt-id:1\nversion:1.2\n\n\0`);
    await client.expectError(/^Bad command$/);
  }
});

rule('F22: NUL before the blank line is an error', async (scene) => {
  const client = await scene.connect();
  client.send('DISCONNECT\nreceipt:77\n\0');
  await client.expectError();
  const inCommand = await scene.connect();
  inCommand.send('SEND\0\ndestination:/topic/void\n\n\0');
  await inCommand.expectError();
});

rule(
  'F23: a frame may be cut in two at any octet',
  async (scene) => {
    const client = await scene.connect();
    const destination = scene.queue();
    await client.request('SUBSCRIBE', { id: 's', destination });
    const eol = scene.version === '1.2' ? '\r\n' : '\n';
    const value = scene.version === '1.0' ? 'a€b' : 'a€b\\nc';
    const head = ['SEND', `destination:${destination}`, `x-é:${value}`, 'content-length:7', '', ''].join(eol);
    const frame = Buffer.concat([Buffer.from(head), Buffer.from('a\0€\n\0'), Buffer.from('\0\n')]);
    for (let at = 1; at < frame.length; at++) await client.sendChunks([frame.subarray(0, at), frame.subarray(at)]);
    for (let at = 1; at < frame.length; at++) {
      const message = await client.expectFrame('MESSAGE');
      assert.equal(message.headers['x-é'], scene.version === '1.0' ? 'a€b' : 'a€b\nc');
      assert.equal(message.text, 'a\0€\n\0');
    }
  },
  { cuts: ['whole'], transports: ['websocket-binary', 'tcp'] },
);
