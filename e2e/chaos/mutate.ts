/** Frames a client may say, for mutation: every command, escapes, bodies, transactions, and bytes of other protocols. */
const SEEDS: readonly string[] = [
  'CONNECT\naccept-version:1.0,1.1,1.2\nhost:localhost\nheart-beat:10000,10000\nlogin:guest\npasscode:guest\n\n\0',
  'STOMP\naccept-version:1.2\n\n\0\n\n',
  'SEND\ndestination:/topic/fuzz\ncontent-length:5\ncontent-type:text/plain\n\nhe\0lo\0',
  'SEND\ndestination:/queue/fuzz\nreceipt:1\nx\\c:a\\nb\\\\c\\r\n\n{"a":"ü😀"}\0',
  'SEND\ndestination:/queue/fuzz,/topic/fuzz\nreply-to:/temp-queue/r\n\nask\0',
  'SUBSCRIBE\nid:0\ndestination:/queue/fuzz\nack:client-individual\nprefetch-count:3\n\n\0',
  'SUBSCRIBE\nid:1\ndestination:/topic/*.#\nreceipt:2\n\n\0',
  'SUBSCRIBE\nid:2\ndestination:/temp-queue/r\nack:client\n\n\0',
  'UNSUBSCRIBE\nid:0\n\n\0',
  'ACK\nid:s-1.1.1\nmessage-id:m-1\nsubscription:0\n\n\0',
  'NACK\nid:s-1.1.1\nrequeue:false\n\n\0',
  'BEGIN\ntransaction:t\n\n\0SEND\ndestination:/queue/fuzz\ntransaction:t\n\nx\0COMMIT\ntransaction:t\nreceipt:c\n\n\0',
  'ABORT\ntransaction:t\n\n\0',
  'DISCONNECT\nreceipt:bye\n\n\0',
  '\r\n\n\0\n',
  'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
];

const TOKENS: readonly string[] = ['\n', '\r\n', '\0', ':', '\\', '\\n', '\\t', 'content-length:', '-1', '4294967296', '\n\n', '\xff\xfe', 'destination:/queue/', 'MESSAGE'];

/** One stream of bytes: a session of valid frames with up to eight wounds. Most begin with a valid CONNECT, to get further. */
export function mutatedStream(random: () => number): Buffer {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const frames = random() < 0.8 ? [SEEDS[Math.floor(random() * 2)]!] : [];
  for (let i = Math.floor(random() * 6); i >= 0; i--) frames.push(pick(SEEDS));
  let stream: Buffer = Buffer.from(frames.join(''));
  for (let i = Math.floor(random() * 9); i > 0; i--) stream = wound(stream, random, pick);
  return stream;
}

function wound(stream: Buffer, random: () => number, pick: <T>(from: readonly T[]) => T): Buffer {
  const at = Math.floor(random() * (stream.length + 1));
  const length = Math.floor(random() * 12);
  const before = stream.subarray(0, at);
  switch (Math.floor(random() * 5)) {
    case 0: {
      const flipped = Buffer.from(stream);
      if (at < flipped.length) flipped[at] = Math.floor(random() * 256);
      return flipped;
    }
    case 1:
      return Buffer.concat([before, stream.subarray(at + length)]);
    case 2:
      return Buffer.concat([before, Buffer.from(pick(TOKENS), 'latin1'), stream.subarray(at)]);
    case 3:
      return Buffer.concat([before, stream.subarray(at, at + length), stream.subarray(at)]);
    default:
      return Buffer.from(before);
  }
}
