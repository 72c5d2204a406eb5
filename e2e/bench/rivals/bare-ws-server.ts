import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';

/**
 * The ceiling: the least that a Node process can do between a SEND and its subscribers. It looks for four headers, keeps
 * no order of anything but arrival, checks nothing, bounds nothing. A MESSAGE is built once per subscription id with its
 * WebSocket header, and each socket gets the frames of one turn of the event loop in a single write.
 */
interface Subscriber {
  readonly socket: Duplex;
  /** Frames of this turn. */
  readonly pending: Buffer[];
}

interface Topic {
  /** By subscription id. */
  readonly subscribers: Map<string, Set<Subscriber>>;
}

const topics = new Map<string, Topic>();
const touched: Subscriber[] = [];
let messageCount = 0;

function accept(webSocket: WebSocket, socket: Duplex): void {
  const subscriber: Subscriber = { socket, pending: [] };
  const subscribed: Set<Subscriber>[] = [];
  webSocket.on('message', (data: Buffer) => {
    const end = data.indexOf('\n\n');
    const head = data.toString('latin1', 0, end + 1);
    if (head.startsWith('SEND')) {
      publish(header(head, 'destination'), data.subarray(end + 2, data.length - 1));
    } else if (head.startsWith('SUBSCRIBE')) {
      const subscribers = subscribersOf(header(head, 'destination'), header(head, 'id'));
      subscribers.add(subscriber);
      subscribed.push(subscribers);
      webSocket.send(`RECEIPT\nreceipt-id:${header(head, 'receipt')}\n\n\0`);
    } else if (head.startsWith('CONNECT')) {
      webSocket.send('CONNECTED\nversion:1.2\nheart-beat:0,0\n\n\0');
    }
  });
  webSocket.on('close', () => {
    for (const subscribers of subscribed) subscribers.delete(subscriber);
  });
  webSocket.on('error', (error) => console.error(error.message));
}

function header(head: string, name: string): string {
  const at = head.indexOf(`\n${name}:`);
  if (at < 0) return '';
  const from = at + name.length + 2;
  return head.slice(from, head.indexOf('\n', from));
}

function subscribersOf(destination: string, id: string): Set<Subscriber> {
  let topic = topics.get(destination);
  if (!topic) topics.set(destination, (topic = { subscribers: new Map() }));
  let subscribers = topic.subscribers.get(id);
  if (!subscribers) topic.subscribers.set(id, (subscribers = new Set()));
  return subscribers;
}

function publish(destination: string, body: Buffer): void {
  const topic = topics.get(destination);
  if (!topic) return;
  const messageId = ++messageCount;
  for (const [id, subscribers] of topic.subscribers) {
    const head = `MESSAGE\nsubscription:${id}\nmessage-id:${messageId}\ndestination:${destination}\ncontent-length:${body.length}\n\n`;
    const frame = textFrame(head, body);
    for (const subscriber of subscribers) {
      if (subscriber.pending.length === 0) {
        if (touched.length === 0) setImmediate(flush);
        touched.push(subscriber);
      }
      subscriber.pending.push(frame);
    }
  }
}

function textFrame(head: string, body: Buffer): Buffer {
  const length = head.length + body.length + 1;
  const headerBytes = length < 126 ? 2 : length < 65536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(headerBytes + length);
  frame[0] = 0x81;
  if (headerBytes === 2) {
    frame[1] = length;
  } else if (headerBytes === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(head, headerBytes, 'latin1');
  body.copy(frame, headerBytes + head.length);
  frame[frame.length - 1] = 0;
  return frame;
}

function flush(): void {
  for (const { socket, pending } of touched) {
    if (socket.writable) socket.write(pending.length === 1 ? pending[0]! : Buffer.concat(pending));
    pending.length = 0;
  }
  touched.length = 0;
}

const webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
const server = createServer();
server.on('upgrade', (request, socket, head) => {
  webSockets.handleUpgrade(request, socket, head, (webSocket) => accept(webSocket, socket));
});
server.listen(0, '127.0.0.1', 4096, () => console.log(`listening ${(server.address() as AddressInfo).port}`));
process.once('disconnect', () => process.exit());
