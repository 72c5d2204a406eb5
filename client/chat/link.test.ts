import type { IMessage } from '@stomp/stompjs';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { Link, type LinkState, type Listener } from './link.ts';

/** One connection from the broker's side: frames come and go as plain text. */
class FarEnd {
  readonly #socket: WebSocket;
  readonly #frames: string[] = [];
  #wake: () => void = () => undefined;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => {
      this.#frames.push(data.toString().replace(/\0$/, ''));
      this.#wake();
    });
  }

  async frame(): Promise<string> {
    while (this.#frames.length === 0) await new Promise<void>((wake) => (this.#wake = wake));
    return this.#frames.shift() ?? '';
  }

  /** Hears a frame that asks for a receipt, and gives it. */
  async confirm(): Promise<string> {
    const frame = await this.frame();
    this.say(`RECEIPT\nreceipt-id:${headerOf(frame, 'receipt')}\n\n`);
    return frame;
  }

  say(frame: string): void {
    this.#socket.send(`${frame}\0`);
  }

  async letIn(): Promise<string> {
    const connect = await this.frame();
    this.say('CONNECTED\nversion:1.2\nheart-beat:0,0\n\n');
    return connect;
  }

  cut(): void {
    this.#socket.terminate();
  }
}

function headerOf(frame: string, name: string): string {
  return new RegExp(`^${name}:(.*)$`, 'm').exec(frame)?.[1] ?? '';
}

/** A MESSAGE for the subscription that this SUBSCRIBE asked for. */
function message(subscribe: string, body: string): string {
  return `MESSAGE\nsubscription:${headerOf(subscribe, 'id')}\nmessage-id:1\nack:ack-1\ndestination:/topic/a\n\n${body}`;
}

const commandOf = (frame: string): string => frame.slice(0, frame.indexOf('\n'));

let server: WebSocketServer;
let link: Link;
let states: LinkState[];
/** Of each `waiting`, ms. */
let pauses: number[];
let onState: () => void;

/** The next connection that reaches the broker. */
async function farEnd(): Promise<FarEnd> {
  const [socket] = (await once(server, 'connection')) as [WebSocket];
  return new FarEnd(socket);
}

async function reaches<Name extends LinkState['name']>(name: Name): Promise<Extract<LinkState, { name: Name }>> {
  while (states.at(-1)?.name !== name) await new Promise<void>((wake) => (onState = wake));
  return states.at(-1) as Extract<LinkState, { name: Name }>;
}

function createLink(connectTimeoutMs?: number): Link {
  const { port } = server.address() as { port: number };
  return new Link({
    openSocket: (protocols) => new WebSocket(`ws://127.0.0.1:${port}/ws`, protocols),
    onState: (state) => {
      states.push(state);
      if (state.name === 'waiting') pauses.push(state.retryAt - Date.now());
      onState();
    },
    backoff: { firstMs: 20, maxMs: 40 },
    random: () => 0,
    ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
  });
}

async function connected(): Promise<FarEnd> {
  const coming = farEnd();
  link.connect();
  const far = await coming;
  await far.letIn();
  await reaches('connected');
  return far;
}

beforeEach(async () => {
  server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => 'v12.stomp' });
  await once(server, 'listening');
  states = [];
  pauses = [];
  onState = () => undefined;
  link = createLink();
});

afterEach(async () => {
  link.close();
  for (const socket of server.clients) socket.terminate();
  await new Promise((resolve) => server.close(resolve));
});

/** Keeps what a subscription tells. */
class Ears implements Listener {
  readonly heard: string[] = [];
  readonly messages: IMessage[] = [];
  #wake: () => void = () => undefined;

  onMessage(message: IMessage): void {
    this.messages.push(message);
    this.#note(message.body);
  }

  onInForce(): void {
    this.#note('in force');
  }

  onRefused(reason: string): void {
    this.#note(`refused: ${reason}`);
  }

  async hear(count: number): Promise<string[]> {
    while (this.heard.length < count) await new Promise<void>((wake) => (this.#wake = wake));
    return this.heard;
  }

  #note(text: string): void {
    this.heard.push(text);
    this.#wake();
  }
}

describe('a link', () => {
  test('connects as guest without a login, and with the login it was given', async () => {
    const guest = farEnd();
    link.connect();
    assert.equal(headerOf(await (await guest).letIn(), 'login'), '');
    const known = farEnd();
    link.connect({ login: 'ada', passcode: 'lovelace' });
    const frame = await (await known).letIn();
    assert.deepEqual([headerOf(frame, 'login'), headerOf(frame, 'passcode')], ['ada', 'lovelace']);
    await reaches('connected');
  });

  test('reports a message as done once its receipt came', async () => {
    const far = await connected();
    const outcome = link.send('/topic/a', 'x');
    const frame = await far.confirm();
    assert.deepEqual([commandOf(frame), headerOf(frame, 'destination')], ['SEND', '/topic/a']);
    assert.deepEqual(await outcome, { kind: 'done' });
  });

  test('reports a message as unsent while there is no connection', async () => {
    assert.deepEqual(await link.send('/topic/a', 'x'), { kind: 'unsent' });
  });

  test('reports a message as lost when the connection goes before the receipt', async () => {
    const far = await connected();
    const outcome = link.send('/topic/a', 'x');
    await far.frame();
    far.cut();
    assert.deepEqual(await outcome, { kind: 'lost' });
    await reaches('waiting');
  });

  test('reports the message that an ERROR names as refused, and the others as lost', async () => {
    const far = await connected();
    const refused = link.send('/topic/a', 'x');
    const other = link.send('/topic/b', 'y');
    const receipt = headerOf(await far.frame(), 'receipt');
    far.say(`ERROR\nmessage:Access refused\nreceipt-id:${receipt}\n\nnot for you\n`);
    far.cut();
    assert.deepEqual(await refused, { kind: 'refused', reason: 'Access refused: not for you' });
    assert.deepEqual(await other, { kind: 'lost' });
    assert.equal((await reaches('waiting')).cause, 'Access refused: not for you');
  });

  test('comes back by itself and puts its subscriptions back', async () => {
    const far = await connected();
    const ears = new Ears();
    link.subscribe('/topic/a', { ack: 'client' }, ears);
    const first = await far.confirm();
    await ears.hear(1);
    const again = farEnd();
    far.cut();
    const back = await again;
    await back.letIn();
    const second = await back.confirm();
    assert.deepEqual([headerOf(second, 'destination'), headerOf(second, 'ack')], ['/topic/a', 'client']);
    await ears.hear(2);
    back.say(message(second, 'hello'));
    assert.deepEqual(await ears.hear(3), ['in force', 'in force', 'hello']);
    assert.equal(headerOf(first, 'id'), headerOf(second, 'id'));
  });

  test('asks once for a subscription that was refused', async () => {
    const far = await connected();
    const ears = new Ears();
    link.subscribe('/topic/secret', {}, ears);
    const again = farEnd();
    far.say(`ERROR\nmessage:Access refused\nreceipt-id:${headerOf(await far.frame(), 'receipt')}\n\n`);
    far.cut();
    const back = await again;
    await back.letIn();
    await reaches('connected');
    const sent = link.send('/topic/a', 'x');
    assert.equal(commandOf(await back.confirm()), 'SEND');
    await sent;
    assert.deepEqual(ears.heard, ['refused: Access refused']);
  });

  test('lets a subscription go, and hears nothing of it afterwards', async () => {
    const far = await connected();
    const ears = new Ears();
    const kept = link.subscribe('/topic/a', {}, ears);
    const subscribe = await far.confirm();
    await ears.hear(1);
    const closed = kept.close();
    far.say(message(subscribe, 'late'));
    assert.equal(commandOf(await far.confirm()), 'UNSUBSCRIBE');
    await closed;
    assert.deepEqual(ears.heard, ['in force']);
  });

  test('does not knock again when the broker refuses the login', async () => {
    const coming = farEnd();
    link.connect();
    const far = await coming;
    await far.frame();
    far.say('ERROR\nmessage:Bad CONNECT\n\nAccess refused: wrong passcode');
    assert.equal((await reaches('refused')).reason, 'Access refused: wrong passcode');
    const other = farEnd();
    link.connect({ login: 'ada', passcode: 'lovelace' });
    await (await other).letIn();
    await reaches('connected');
    const names = states.map(({ name }) => name);
    assert.deepEqual(names, ['closed', 'connecting', 'refused', 'closed', 'connecting', 'connected']);
  });

  test('knocks again when the broker is only busy', async () => {
    const coming = farEnd();
    link.connect();
    const far = await coming;
    await far.frame();
    const again = farEnd();
    far.say('ERROR\nmessage:Access refused\ncode:try-later\n\n');
    far.cut();
    await (await again).letIn();
    await reaches('connected');
  });

  test('gives up an attempt that nobody answers, and makes another', async () => {
    link = createLink(50);
    const silent = farEnd();
    link.connect();
    await silent;
    const again = farEnd();
    await reaches('waiting');
    await (await again).letIn();
    await reaches('connected');
  });

  test('pauses longer after each connection that did not last', async (context) => {
    context.mock.timers.enable({ apis: ['Date'] });
    let coming = farEnd();
    link.connect();
    for (let round = 0; round < 2; round++) {
      const far = await coming;
      coming = farEnd();
      await far.letIn();
      await reaches('connected');
      far.cut();
      await reaches('waiting');
    }
    await (await coming).letIn();
    assert.deepEqual(pauses, [20, 40]);
  });

  test('settles messages of the connection they came over alone', async () => {
    const far = await connected();
    const ears = new Ears();
    link.subscribe('/queue/a', { ack: 'client-individual' }, ears);
    far.say(message(await far.confirm(), 'job'));
    await ears.hear(2);
    const [job] = ears.messages;
    assert.ok(job);
    const settled = link.settle(job, 'nack');
    const nack = await far.confirm();
    assert.deepEqual([commandOf(nack), headerOf(nack, 'id')], ['NACK', 'ack-1']);
    assert.deepEqual(await settled, { kind: 'done' });
    const again = farEnd();
    far.cut();
    const back = await again;
    await back.letIn();
    await back.confirm();
    assert.deepEqual(await link.settle(job, 'ack'), { kind: 'lost' });
  });
});
