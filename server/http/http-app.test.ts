import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineHealth } from '../broker/engine.ts';
import type { Readiness } from './health.ts';
import { createHttpApp } from './http-app.ts';

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let server: Server;
let folder: string;
let readiness: Readiness = 'ready';
let store: EngineHealth = { state: 'up', warnings: [], facts: { segments: 3 } };
const errors: Error[] = [];

/** As raw as `node:http` gets, so that paths and hosts leave as they are written. */
async function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const { port } = server.address() as AddressInfo;
  const outgoing = request({ host: '127.0.0.1', port, path, headers, method, agent: false });
  outgoing.end();
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode, headers: response.headers, body };
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stompede-http-'));
  mkdirSync(join(folder, 'chat'));
  mkdirSync(join(folder, 'empty'));
  writeFileSync(join(folder, 'chat', 'index.html'), '<!doctype html><title>Chat</title>');
  writeFileSync(join(folder, '.secret'), 'hidden');
  const app = createHttpApp({
    folders: [folder],
    webSocketPaths: ['/ws', '/ws/websocket'],
    webSocketAnswer: (_request, response) => response.writeHead(426).end('upgrade, please'),
    health: () => {
      if (readiness === 'failed') throw new Error('no word about health');
      return { version: '1.2.3', node: 'n1', engine: 'memory', receipt: 'accepted', store };
    },
    readiness: () => readiness,
    onError: (error) => errors.push(error),
  });
  server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
});

after(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

describe('health', () => {
  test('says who the node is and what a receipt promises', async () => {
    const { status, body } = await get('/healthz');
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(body), {
      status: 'ok',
      version: '1.2.3',
      node: 'n1',
      engine: 'memory',
      receipt: 'accepted',
      store: { state: 'up', warnings: [], facts: { segments: 3 } },
    });
  });

  test('shows a store that is away or may lose data, and answers all the same', async () => {
    const well = store;
    for (const ill of [{ ...well, state: 'down' as const }, { ...well, state: 'failed' as const }, { ...well, warnings: ['No disk.'] }]) {
      store = ill;
      const { status, body } = await get('/healthz');
      assert.equal(status, 200);
      const shown = JSON.parse(body) as { status: string; store: EngineHealth };
      assert.deepEqual([shown.status, shown.store], ['degraded', ill]);
    }
    store = well;
  });

  test('is ready only while connections are welcome', async () => {
    const seen: Record<string, number | undefined> = {};
    for (readiness of ['starting', 'ready', 'store-down', 'draining', 'failed'] as const) seen[readiness] = (await get('/readyz')).status;
    readiness = 'ready';
    assert.deepEqual(seen, { starting: 503, ready: 200, 'store-down': 503, draining: 503, failed: 503 });
  });

  test('is never cached', async () => {
    for (const path of ['/healthz', '/readyz']) assert.equal((await get(path)).headers['cache-control'], 'no-store');
  });
});

describe('pages', () => {
  test('are served with a tag and asked for again with it', async () => {
    const { status, headers, body } = await get('/chat/');
    assert.deepEqual([status, body], [200, '<!doctype html><title>Chat</title>']);
    const again = await get('/chat/', { 'if-none-match': headers.etag ?? '' });
    assert.deepEqual([again.status, again.body], [304, '']);
  });

  test('start at the chat', async () => {
    const { status, headers } = await get('/');
    assert.deepEqual([status, headers.location], [302, '/chat/']);
  });

  test('list no folder, show no dot file and leave their folder by no path', async () => {
    for (const path of ['/empty/', '/.secret', '/../../etc/passwd', '/..%2f..%2fetc/passwd', '/nothing', '/%ff']) {
      const { status, headers } = await get(path);
      assert.ok(status === 404 || status === 403, `${path}: ${status}`);
      assert.match(headers['content-type'] ?? '', /^text\/plain/, path);
    }
  });

  test('carry the security headers, with the address of the own socket', async () => {
    const { headers } = await get('/chat/', { host: 'localhost:15674' });
    const policy = String(headers['content-security-policy']);
    assert.match(policy, /connect-src 'self' ws:\/\/localhost:15674 wss:\/\/localhost:15674;/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['x-powered-by'], undefined);
  });

  test('take no directive from a Host header', async () => {
    const { headers } = await get('/chat/', { host: "x; script-src 'unsafe-inline'" });
    assert.doesNotMatch(String(headers['content-security-policy']), /unsafe/);
  });
});

test('a plain request to the WebSocket path is told to upgrade', async () => {
  for (const path of ['/ws', '/ws/websocket']) assert.equal((await get(path)).status, 426, path);
});

test('a failure of ours is reported here and kept from the client', async () => {
  readiness = 'failed';
  const { status, body } = await get('/healthz');
  readiness = 'ready';
  assert.equal(status, 500);
  assert.doesNotMatch(body, /no word|\bat\b/);
  assert.deepEqual(
    errors.map(({ message }) => message),
    ['no word about health'],
  );
});

test('nothing is taken by other methods', async () => {
  for (const method of ['POST', 'PUT', 'DELETE']) assert.equal((await get('/chat/', {}, method)).status, 404);
});
