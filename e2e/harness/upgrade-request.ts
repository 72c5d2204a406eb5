import { request, type IncomingHttpHeaders } from 'node:http';
import { within } from './eventually.ts';

export interface UpgradeAnswer {
  /** 101 for an upgrade that was granted. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/** Asks for a WebSocket by hand, with any headers; `undefined` leaves one of the usual ones out. The socket is closed. */
export async function requestUpgrade(url: string, headers: Readonly<Record<string, string | undefined>> = {}): Promise<UpgradeAnswer> {
  const { hostname, port, pathname } = new URL(url);
  const usual = {
    Host: `${hostname}:${port}`,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': Buffer.from('sixteen octets..').toString('base64'),
  };
  const all = Object.entries({ ...usual, ...headers }).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const asked = request({ hostname, port, path: pathname, headers: Object.fromEntries(all), setHost: false, agent: false });
  const answer = new Promise<UpgradeAnswer>((resolve, reject) => {
    asked.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode ?? 0, headers: response.headers });
    });
    asked.on('response', (response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0, headers: response.headers });
    });
    asked.on('error', reject);
  });
  asked.end();
  try {
    return await within(answer, 20_000, () => 'an answer to the upgrade');
  } finally {
    asked.destroy();
  }
}
