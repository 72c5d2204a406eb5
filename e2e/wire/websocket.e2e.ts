import assert from 'node:assert/strict';
import { requestUpgrade } from '../harness/upgrade-request.ts';
import { rulesOf } from './rule.ts';
import { WEBSOCKETS } from './variant.ts';

/** STOMP within WebSocket messages. */
const rule = rulesOf();

const EACH = { transports: WEBSOCKETS } as const;
/** For what happens before the first octet of STOMP. */
const ONCE = { transports: ['websocket-text'], versions: ['1.2'], cuts: ['whole'] } as const;

rule(
  'W1 W2: the highest sub-protocol offered is chosen',
  async (scene) => {
    const offers = [
      [['v12.stomp', 'v11.stomp', 'v10.stomp'], 'v12.stomp'],
      [['v10.stomp', 'v11.stomp', 'v12.stomp'], 'v12.stomp'],
      [['v10.stomp', 'v11.stomp'], 'v11.stomp'],
      [['v10.stomp'], 'v10.stomp'],
      [['mqtt', 'v11.stomp', 'v13.stomp'], 'v11.stomp'],
    ] as const;
    for (const [protocols, chosen] of offers) {
      const client = await scene.open({ protocols });
      assert.equal(client.protocol, chosen);
      await client.connect();
    }
  },
  { ...EACH, cuts: ['whole'] },
);

rule(
  'W3: nothing offered is fine, and what was not offered is never chosen',
  async (scene) => {
    const client = await scene.open({ protocols: [] });
    assert.equal(client.protocol, '');
    await client.connect();
    const unknown = await requestUpgrade(scene.broker.wsUrl, { 'Sec-WebSocket-Protocol': 'mqtt, v13.stomp' });
    assert.ok(unknown.status === 101 || unknown.status === 400, String(unknown.status));
    assert.equal(unknown.headers['sec-websocket-protocol'], undefined);
  },
  { ...EACH, cuts: ['whole'] },
);

rule(
  'W4: the sub-protocol does not bind the version that CONNECT negotiates',
  async (scene) => {
    for (const protocol of ['v10.stomp', 'v11.stomp', 'v12.stomp']) {
      const client = await scene.open({ protocols: [protocol] });
      assert.equal((await client.connect()).headers['version'], scene.version);
    }
  },
  { ...EACH, cuts: ['whole'] },
);

rule(
  'W5 W10: text and binary messages may be mixed; answers are text, or binary where a body is not UTF-8',
  async (scene) => {
    const client = await scene.connect();
    const destination = scene.queue();
    await client.request('SUBSCRIBE', { id: 's', destination });
    const octets = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet));
    // In the variant of text messages the octets that are no text still travel as binary, on the same connection.
    for (const body of ['text', octets, '€', Buffer.from('a\0b')]) {
      client.frame('SEND', { destination }, body);
      const message = await client.expectFrame('MESSAGE');
      assert.deepEqual(message.body, Buffer.from(body));
      assert.equal(message.isBinary, body === octets);
    }
  },
  EACH,
);

rule(
  'W6: a frame may be spread over several messages, even within a character',
  async (scene) => {
    const client = await scene.connect({}, { transport: 'websocket-binary' });
    const destination = scene.queue();
    await client.request('SUBSCRIBE', { id: 's', destination });
    const frame = Buffer.from(`SEND\ndestination:${destination}\nx:🎉\n\n${'🎉'.repeat(6_000)}\0`);
    const pieces = [];
    for (let at = 0; at < frame.length; at += 8_191) pieces.push(frame.subarray(at, at + 8_191));
    await client.sendChunks(pieces);
    const message = await client.expectFrame('MESSAGE');
    assert.equal(message.text, '🎉'.repeat(6_000));
    assert.equal(message.headers['x'], '🎉');
  },
  { transports: ['websocket-binary'], cuts: ['whole'] },
);

rule(
  'W7: a message may hold several frames with EOLs between',
  async (scene) => {
    const client = await scene.connect();
    const frames = Array.from({ length: 8 }, (_, i) => `SEND\ndestination:/topic/void\nreceipt:r${i}\n\nbody\0${'\n'.repeat(i % 3)}`);
    await client.sendChunks([Buffer.from(`\n${frames.join('')}`)]);
    for (let i = 0; i < 8; i++) await client.expectReceipt(`r${i}`);
  },
  EACH,
);

rule(
  'W8: a heart-beat may be a message of its own, of several EOLs, or glued to frames',
  async (scene) => {
    const client = await scene.connect();
    const frame = (id: string): string => `SEND\ndestination:/topic/void\nreceipt:${id}\n\n\0`;
    await client.sendChunks(['\n', '\r\n', '\n\n\n', `\n${frame('a')}`, `${frame('b')}\n`, '\n'].map((text) => Buffer.from(text)));
    await client.expectReceipt('a');
    await client.expectReceipt('b');
  },
  EACH,
);

rule(
  'W9: each message of the server is one whole frame, however many leave at once',
  async (scene) => {
    const client = await scene.connect();
    const destination = scene.topic();
    for (const id of ['a', 'b']) await client.request('SUBSCRIBE', { id, destination });
    const sender = await scene.other();
    const bodies = Array.from({ length: 60 }, (_, i) => 'x'.repeat(i * 150));
    for (const body of bodies) sender.frame('SEND', { destination }, body);
    // The reader refuses any message that is not exactly one frame.
    for (const body of bodies) {
      for (let i = 0; i < 2; i++) assert.equal((await client.expectFrame('MESSAGE')).text, body);
    }
  },
  { ...EACH, cuts: ['whole'] },
);

rule(
  'W12: the connection is closed with a WebSocket close frame after an ERROR',
  async (scene) => {
    const client = await scene.connect();
    client.frame('SEND', { destination: '/nowhere' });
    await client.expectFrame('ERROR');
    const end = await client.expectClosed();
    assert.ok(end.code >= 1002 && end.code !== 1005 && end.code !== 1006, `closed with ${end.code}`);
    assert.ok(end.reason.length > 0);
  },
  EACH,
);

rule(
  'W13: foreign pages and foreign host names are refused with 403 before the upgrade',
  async (scene) => {
    const { wsUrl, httpPort } = scene.broker;
    const welcome = [undefined, `http://127.0.0.1:${httpPort}`, 'http://localhost:5173', 'https://localhost', 'http://[::1]:3000'];
    for (const Origin of welcome) assert.equal((await requestUpgrade(wsUrl, { Origin })).status, 101, Origin);
    const foreign = ['http://evil.example', 'null', 'http://localhost.evil.example', 'http://127.0.0.1.evil.example:80', 'file://'];
    for (const Origin of foreign) assert.equal((await requestUpgrade(wsUrl, { Origin })).status, 403, Origin);
    for (const Host of [`rebound.example:${httpPort}`, 'evil.example']) assert.equal((await requestUpgrade(wsUrl, { Host })).status, 403, Host);
    assert.equal((await requestUpgrade(wsUrl, { Host: `localhost:${httpPort}` })).status, 101);
  },
  ONCE,
);

rule(
  'W14: the paths are /ws and /stomp, each also with /websocket; another is 404, plain HTTP there 426',
  async (scene) => {
    const { httpUrl } = scene.broker;
    const granted = ['/ws', '/stomp', '/ws/websocket', '/stomp/websocket'];
    for (const path of granted) {
      assert.equal((await requestUpgrade(httpUrl + path)).status, 101, path);
      const plain = await fetch(httpUrl + path);
      await plain.arrayBuffer();
      assert.equal(plain.status, 426, path);
    }
    for (const path of ['/wss', '/ws2', '/chat/', '/nowhere']) assert.equal((await requestUpgrade(httpUrl + path)).status, 404, path);
  },
  ONCE,
);

rule(
  'W14 W3: an upgrade that is no WebSocket handshake is refused with 400 or 426',
  async (scene) => {
    const { wsUrl } = scene.broker;
    assert.equal((await requestUpgrade(wsUrl, { 'Sec-WebSocket-Key': undefined })).status, 400);
    assert.equal((await requestUpgrade(wsUrl, { 'Sec-WebSocket-Key': 'short' })).status, 400);
    assert.ok([400, 426].includes((await requestUpgrade(wsUrl, { 'Sec-WebSocket-Version': '7' })).status));
  },
  ONCE,
);

rule(
  'W15: guest is refused when the request came through a proxy',
  async (scene) => {
    for (const upgradeHeaders of [{ 'X-Forwarded-For': '203.0.113.9' }, { Forwarded: 'for=203.0.113.9' }]) {
      const client = await scene.open({ upgradeHeaders });
      client.frame('CONNECT', { 'accept-version': scene.version, host: 'localhost', login: 'guest', passcode: 'guest' });
      await client.expectError(/^Bad CONNECT$/);
    }
  },
  { ...EACH, cuts: ['whole'] },
);
