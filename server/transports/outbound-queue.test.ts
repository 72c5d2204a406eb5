import assert from 'node:assert/strict';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { HEADROOM, WireFrame } from '../protocol/wire-frame.ts';
import { LOW_WATER_BYTES, OutboundQueue } from './outbound-queue.ts';
import { OutboundTurn } from './outbound-turn.ts';
import { eventually, frameOf } from './testbed.ts';

interface Line {
  readonly queue: OutboundQueue;
  readonly socket: Socket;
  /** What was given to the socket, buffer by buffer. */
  readonly writes: Buffer[];
  /** The reading end, paused until told. */
  readonly reader: Socket;
  readonly received: Buffer[];
  drainCount: number;
}

const TURN_OF = new OutboundTurn((frame) => frame.head);

async function openLine(context: TestContext, turn = TURN_OF): Promise<Line> {
  const server = createServer({ noDelay: true });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const reader = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const socket = await accepted;
  context.after(() => {
    socket.destroy();
    reader.destroy();
    server.close();
  });
  const writes: Buffer[] = [];
  const write = socket.write.bind(socket);
  socket.write = ((chunk: Buffer, ...rest: []) => {
    if (chunk.length > 0) writes.push(chunk);
    return write(chunk, ...rest);
  });
  socket.on('error', () => {});
  reader.on('error', () => {});
  const line = { queue: undefined as unknown as OutboundQueue, socket, writes, reader, received: [] as Buffer[], drainCount: 0 };
  line.queue = new OutboundQueue(socket, turn, { drained: () => line.drainCount++ });
  socket.on('close', () => {
    line.queue.discard();
  });
  return line;
}

function read(line: Line): void {
  line.reader.on('data', (chunk) => line.received.push(chunk));
}

const textOf = (line: Line): string => Buffer.concat(line.received).toString();

/** More than the buffers of the operating system between two sockets take. */
async function fill(line: Line, isLive: boolean): Promise<number> {
  const piece = new WireFrame(Buffer.alloc(HEADROOM + 1024 * 1024, 'f'), true);
  let pushed = 0;
  while (line.queue.bufferedBytes === 0) {
    line.queue.push(piece, isLive);
    line.queue.flush();
    pushed += piece.length;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return pushed;
}

describe('an outbound queue', () => {
  test('writes the frames of a turn at once, in order, at the end of the turn', async (context) => {
    const line = await openLine(context);
    read(line);
    for (const text of ['one,', 'two,', 'three']) line.queue.push(frameOf(text), false);
    assert.equal(line.writes.length, 0);
    assert.equal(line.queue.bufferedBytes, 13);
    await eventually(() => textOf(line) === 'one,two,three', 'the frames');
    assert.equal(line.writes.length, 1);
    assert.equal(line.queue.bufferedBytes, 0);
  });

  test('writes the very same buffer to all sockets that get the same frames', async (context) => {
    const lines = await Promise.all([openLine(context), openLine(context), openLine(context)]);
    const [a, b, c] = [frameOf('a'), frameOf('b'), frameOf('c')];
    for (const frame of [a, b, c]) for (const { queue } of lines) queue.push(frame, true);
    lines[2].queue.push(a, true);
    await eventually(() => lines.every(({ writes }) => writes.length === 1), 'the writes');
    assert.equal(lines[0].writes[0], lines[1].writes[0]);
    assert.equal(String(lines[0].writes[0]), 'abc');
    assert.equal(String(lines[2].writes[0]), 'abca');
  });

  test('does not share octets between transports with framings of their own', async (context) => {
    const upper = new OutboundTurn((frame) => Buffer.from(frame.head.toString().toUpperCase()));
    const [plain, framed] = [await openLine(context), await openLine(context, upper)];
    const frames = [frameOf('x'), frameOf('y')];
    for (const frame of frames) for (const { queue } of [plain, framed]) queue.push(frame, false);
    await eventually(() => plain.writes.length + framed.writes.length === 2, 'the writes');
    assert.deepEqual([String(plain.writes[0]), String(framed.writes[0])], ['xy', 'XY']);
  });

  test('says that octets were taken after they were, and in order', async (context) => {
    const line = await openLine(context);
    const taken: string[] = [];
    line.queue.push(frameOf('a'), false, () => taken.push('a'));
    line.queue.push(frameOf('b'), false);
    line.queue.push(frameOf('c'), false, () => taken.push('c'));
    assert.deepEqual(taken, []);
    await eventually(() => taken.length === 2, 'both to be taken');
    assert.deepEqual(taken, ['a', 'c']);
  });

  test('counts what a slow reader leaves, live traffic apart, and says once when it is low again', async (context) => {
    const line = await openLine(context);
    await fill(line, false);
    const waiting = line.queue.bufferedBytes;
    assert.ok(waiting > LOW_WATER_BYTES);
    assert.equal(line.queue.bufferedLiveBytes, 0);
    assert.equal(line.queue.oldestLiveAgeMs, 0);
    let isTaken = false;
    line.queue.push(frameOf('live'), true);
    line.queue.push(frameOf('control'), false, () => (isTaken = true));
    assert.equal(line.queue.oldestLiveAgeMs, 0, 'what was not offered yet does not age');
    line.queue.flush();
    assert.equal(line.queue.bufferedBytes, waiting + 11);
    assert.equal(line.queue.bufferedLiveBytes, 4);
    await eventually(() => line.queue.oldestLiveAgeMs > 20, 'the live octets to age');
    assert.equal(isTaken, false);
    const drainsBefore = line.drainCount;
    read(line);
    await eventually(() => line.queue.bufferedBytes === 0, 'the reader to catch up');
    assert.equal(line.queue.bufferedLiveBytes, 0);
    assert.equal(line.queue.oldestLiveAgeMs, 0);
    assert.equal(isTaken, true);
    assert.equal(line.drainCount, drainsBefore + 1);
    await eventually(() => textOf(line).endsWith('livecontrol'), 'all octets in order');
  });

  test('never says taken or drained for a socket that failed', async (context) => {
    const line = await openLine(context);
    await fill(line, true);
    const { drainCount } = line;
    line.queue.push(frameOf('lost'), false, () => assert.fail('taken by a dead socket'));
    line.queue.flush();
    line.queue.push(frameOf('lost too'), false, () => assert.fail('taken by a dead socket'));
    line.reader.resetAndDestroy();
    await eventually(() => line.socket.destroyed && line.queue.bufferedBytes === 0, 'the socket to close');
    line.queue.push(frameOf('late'), true, () => assert.fail('taken by a dead socket'));
    line.queue.flush();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(line.queue.bufferedBytes, 0);
    assert.equal(line.drainCount, drainCount);
  });

  test('takes no frames once sealed, and still offers those it has', async (context) => {
    const line = await openLine(context);
    read(line);
    let isTaken = false;
    line.queue.push(frameOf('last'), false, () => (isTaken = true));
    line.queue.seal();
    line.queue.push(frameOf('too late'), false);
    assert.equal(isTaken, true);
    await eventually(() => textOf(line) === 'last', 'the last frame');
    assert.equal(line.queue.bufferedBytes, 0);
  });

  test('sends what is pushed by those who hear of taken octets in the next turn', async (context) => {
    const line = await openLine(context);
    read(line);
    line.queue.push(frameOf('first '), false, () => {
      line.queue.push(frameOf('second '), false);
      line.queue.push(frameOf('third'), false);
    });
    await eventually(() => textOf(line) === 'first second third', 'all three');
    assert.deepEqual(line.writes.map(String), ['first ', 'second third']);
  });

  test('hands large bodies to the socket uncopied, in one gathering write', async (context) => {
    const line = await openLine(context);
    read(line);
    const body = Buffer.alloc(200_000, 'x');
    line.queue.push(new WireFrame(Buffer.concat([Buffer.alloc(HEADROOM), Buffer.from('head:')]), true, [body, Buffer.from('\0')]), false);
    line.queue.push(frameOf('next'), false);
    await eventually(() => textOf(line).length === 200_010, 'all octets');
    assert.equal(textOf(line), `head:${'x'.repeat(200_000)}\0next`);
    assert.ok(line.writes.includes(body));
    assert.deepEqual(line.writes.map((chunk) => chunk.length), [5, 200_000, 5]);
  });
});
