import { bodySegments } from './body.ts';
import { clientFrame, FrameTemplate, type Segment } from './client-frame.ts';
import type { ClientEvents, Dialect, Reader } from './dialect.ts';
import { NatsReader } from './nats-reader.ts';

/** NATS' own protocol in WebSocket messages; `/topic/a.b` becomes the subject `a.b`. Core NATS only: no queues. */
export class NatsDialect implements Dialect {
  login(): Buffer {
    return binary('CONNECT {"verbose":false,"pedantic":false,"echo":true,"lang":"bench","version":"1","protocol":1}\r\nPING\r\n');
  }

  subscribe(id: string, destination: string): Buffer {
    return binary(`SUB ${subject(destination)} ${id}\r\nPING\r\n`);
  }

  publish(destination: string | readonly Segment[], bodyBytes: number, { receipt = false } = {}): FrameTemplate {
    if (receipt) throw new Error('Core NATS has no receipts');
    const [first, ...rest] = typeof destination === 'string' ? [destination] : destination;
    const name = ['PUB ', subject(String(first)), ...rest];
    return new FrameTemplate('binary', [...name, ` ${bodyBytes}\r\n`, ...bodySegments(bodyBytes), '\r\n']);
  }

  reader(events: ClientEvents, answer: (frame: Buffer) => void): Reader {
    return new NatsReader(events, () => answer(binary('PONG\r\n')));
  }
}

function binary(text: string): Buffer {
  return clientFrame('binary', Buffer.from(text));
}

function subject(destination: string): string {
  return destination.replace(/^\/\w+\//, '');
}
