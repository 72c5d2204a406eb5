import assert from 'node:assert/strict';
import { rulesOf, type RuleBody } from './rule.ts';

/** Header octets that need care, by version. */
const rule = rulesOf();

const LATER = { versions: ['1.1', '1.2'] } as const;

rule(
  'E1: 1.0 knows no escapes, neither way',
  async (scene) => {
    const client = await scene.connect();
    const other = await scene.other();
    const destination = scene.topic();
    await client.request('SUBSCRIBE', { id: 'a\\nb', destination });
    await other.request('SUBSCRIBE', { id: 's', destination });
    client.send(`SEND\ndestination:${destination}\nx-a:\\n\\c\\\\\\t\\\n\n\0`);
    const own = await client.expectFrame('MESSAGE');
    assert.ok(own.lines.includes('x-a:\\n\\c\\\\\\t\\'));
    assert.equal(own.headers['subscription'], 'a\\nb');
    assert.equal((await other.expectFrame('MESSAGE')).headers['x-a'], '\\n\\c\\\\\\t\\');
  },
  { versions: ['1.0'] },
);

rule(
  'E2: 1.1 and 1.2 decode and encode LF, colon and backslash in names and values, on all frames',
  async (scene) => {
    const client = await scene.connect();
    const destination = scene.topic();
    client.send(`SUBSCRIBE\nid:i\\cd\\\\1\\n\ndestination:${destination}\nreceipt:r\\c\\\\\\n1\n\n\0`);
    const receipt = await client.expectReceipt('r:\\\n1');
    assert.deepEqual(receipt.lines, ['receipt-id:r\\c\\\\\\n1']);
    client.send(`SEND\ndestination:${destination}\nx\\ca\\n:v\\c\\\\\\n!\n\n\0`);
    const message = await client.expectFrame('MESSAGE');
    assert.equal(message.headers['x:a\n'], 'v:\\\n!');
    assert.ok(message.lines.includes('x\\ca\\n:v\\c\\\\\\n!'));
    assert.equal(message.headers['subscription'], 'i:d\\1\n');
    client.send('UNSUBSCRIBE\nid:i\\cd\\\\1\\n\nreceipt:u\n\n\0');
    await client.expectReceipt('u');
  },
  LATER,
);

rule(
  'E3: 1.2 also knows an escaped CR',
  async (scene) => {
    const client = await scene.connect();
    const destination = scene.topic();
    await client.request('SUBSCRIBE', { id: 's', destination });
    client.send(`SEND\ndestination:${destination}\nx\\r:a\\r\\nb\n\n\0`);
    const message = await client.expectFrame('MESSAGE');
    assert.equal(message.headers['x\r'], 'a\r\nb');
    assert.ok(message.lines.includes('x\\r:a\\r\\nb'));
  },
  { versions: ['1.2'] },
);

rule(
  'E4: an undefined escape is fatal',
  async (scene) => {
    const undefinedEscapes = ['\\t', '\\0', 'end\\', '\\N', ...(scene.version === '1.1' ? ['\\r'] : [])];
    for (const escape of undefinedEscapes) {
      for (const line of [`x:${escape}`, `${escape}:x`]) {
        const client = await scene.connect();
        client.send(`SEND\ndestination:/topic/void\n${line}\nreceipt:r\n\n\0`);
        await client.expectError();
      }
    }
  },
  { ...LATER, cuts: ['whole', 'bytes', 'joined'] },
);

const connectUnescaped =
  (command: string): RuleBody =>
  async (scene) => {
    const client = await scene.open();
    const undefinedInAny = 'a\\tb\\';
    client.send(`${command}\naccept-version:${scene.version}\nhost:${undefinedInAny}\nx-a:${undefinedInAny}\nlogin:guest\npasscode:guest\n\n\0`);
    const connected = await client.expectFrame('CONNECTED');
    assert.equal(connected.headers['version'], scene.version);
    for (const line of connected.lines) assert.ok(!line.includes('\\'), line);
  };

rule('E5: CONNECT is not unescaped, CONNECTED not escaped', connectUnescaped('CONNECT'));
rule('E6 E5: STOMP is not unescaped either', connectUnescaped('STOMP'));

rule(
  'E7: escapes are decoded in one pass',
  async (scene) => {
    const client = await scene.connect();
    const destination = scene.topic();
    await client.request('SUBSCRIBE', { id: 's', destination });
    client.send(`SEND\ndestination:${destination}\nx:\\\\n\\\\\\\\c\\\\r\n\n\0`);
    assert.equal((await client.expectFrame('MESSAGE')).headers['x'], '\\n\\\\c\\r');
  },
  LATER,
);

rule('E8: headers are encoded for the version of who receives them, and none can be injected', async (scene) => {
  const client = await scene.connect();
  const destination = scene.topic();
  await client.request('SUBSCRIBE', { id: 's', destination });
  const sender = await scene.other('1.2');
  sender.frame('SEND', { destination, 'a:b': 'c:d', 'x-colon': 'c:d', 'subscription:x': 'forged', 'x-lf': 'e\nsubscription:forged\n\nf', 'x-cr': 'g\rh', 'x\nforged': '1' });
  const { lines, headers } = await client.expectFrame('MESSAGE');
  // 1.0 has no way to write a colon in a name; in a value it stands as it is.
  if (scene.version === '1.0') assert.equal(headers['x-colon'], 'c:d');
  else assert.ok(lines.includes('a\\cb:c\\cd'));
  assert.equal(headers['subscription'], 's');
  assert.ok(!lines.some((line) => line.startsWith('forged')));
  assert.ok(!lines.some((line) => line.includes('\r')));
  if (scene.version !== '1.0') assert.equal(headers['x-lf'], 'e\nsubscription:forged\n\nf');
  if (scene.version === '1.2') assert.equal(headers['x-cr'], 'g\rh');
});

rule('E9: 1.1 and 1.2 trim nothing, 1.0 trims values', async (scene) => {
  const client = await scene.connect();
  const other = await scene.other();
  const destination = scene.topic();
  await other.request('SUBSCRIBE', { id: 's', destination });
  const padding = scene.version === '1.0' ? ' ' : '';
  client.send(`SEND\ndestination:${padding}${destination}${padding}\nx-a:  foo \n x-b :1\n\n\0`);
  const { headers } = await other.expectFrame('MESSAGE');
  assert.equal(headers['x-a'], scene.version === '1.0' ? 'foo' : '  foo ');
  if (scene.version !== '1.0') assert.equal(headers[' x-b '], '1');
});

rule('E10: padded values of CONNECT are understood', async (scene) => {
  const client = await scene.open();
  client.send(`CONNECT\naccept-version: 0.9, ${scene.version} \nhost: localhost\nlogin: guest \nheart-beat: 0 , 0 \npasscode:guest\n\n\0`);
  const connected = await client.expectFrame('CONNECTED');
  assert.equal(connected.headers['version'], scene.version);
  assert.equal(connected.headers['heart-beat'], '0,0');
});

rule('E11: octets that are not UTF-8 in a header harm nobody', async (scene) => {
  const client = await scene.connect();
  const destination = scene.queue();
  const bystander = await scene.other();
  await bystander.request('SUBSCRIBE', { id: 's', destination });
  const octets = Buffer.from(`SEND\ndestination:${destination}\nx-bad:\xff\xfe\xc3\x28\nreceipt:r\n\nbody\0`, 'latin1');
  client.send(octets);
  const answer = await client.nextFrame();
  assert.ok(answer.command === 'RECEIPT' || answer.command === 'ERROR', answer.command);
  if (answer.command === 'RECEIPT') assert.equal((await bystander.expectFrame('MESSAGE')).text, 'body');
  await bystander.noFrameUntil();
});
