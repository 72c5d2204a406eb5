/** What the tests use of clients that bring no types. */

declare module 'stompjs' {
  export interface Frame {
    readonly command: string;
    readonly headers: Record<string, string>;
    readonly body: string;
  }

  export interface Message extends Frame {
    ack(headers?: Record<string, string>): void;
    nack(headers?: Record<string, string>): void;
  }

  export interface Transaction {
    readonly id: string;
    commit(): void;
    abort(): void;
  }

  export interface Client {
    debug: ((text: string) => void) | null;
    heartbeat: { outgoing: number; incoming: number };
    onreceipt: (frame: Frame) => void;
    connect(headers: Record<string, string>, connected: (frame: Frame) => void, failed?: (reason: Frame | string) => void): void;
    disconnect(done?: () => void, headers?: Record<string, string>): void;
    send(destination: string, headers: Record<string, string>, body: string): void;
    subscribe(destination: string, take: (message: Message) => void, headers?: Record<string, string>): { id: string; unsubscribe(): void };
    begin(id?: string): Transaction;
  }

  const Stomp: { over(socket: object): Client };
  export default Stomp;
}

declare module 'stompit' {
  import type { Readable, Writable } from 'node:stream';

  export interface Message extends Readable {
    readonly headers: Record<string, string>;
    readString(encoding: string, done: (error: Error | null, body: string) => void): void;
  }

  export interface FrameOptions {
    onReceipt?(): void;
    onError?(error: Error): void;
  }

  export interface Client {
    readonly headers: Record<string, string>;
    on(event: 'error', listen: (error: Error) => void): void;
    send(headers: Record<string, string | number>, options?: FrameOptions): Writable;
    subscribe(headers: Record<string, string>, take: (error: Error | null, message: Message) => void): { unsubscribe(): void };
    ack(message: Message, headers?: Record<string, string>, options?: FrameOptions): void;
    nack(message: Message, headers?: Record<string, string>, options?: FrameOptions): void;
    begin(): { readonly id: number; send(headers: Record<string, string>): Writable; commit(options?: FrameOptions): void; abort(options?: FrameOptions): void };
    disconnect(done: (error: Error | null) => void): void;
  }

  const stompit: { connect(options: object, done: (error: Error | null, client: Client) => void): void };
  export default stompit;
}

declare module 'stomp-client' {
  export default class StompClient {
    constructor(host: string, port: number, user: string, passcode: string, version?: '1.0' | '1.1');
    connect(connected: (session: string) => void, failed: (error: Error) => void): void;
    disconnect(done: () => void): void;
    subscribe(destination: string, headers: Record<string, string>, take: (body: string, headers: Record<string, string>) => void): void;
    unsubscribe(destination: string, headers?: Record<string, string>): void;
    publish(destination: string, body: string, headers?: Record<string, string>): void;
    ack(messageId: string | undefined, subscription?: string, transaction?: string): void;
    nack(messageId: string | undefined, subscription?: string, transaction?: string): void;
  }
}
