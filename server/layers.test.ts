import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Imports only fall. Drawn with the process at the top:
 *
 *     6  main app config index cli setup     the process (and testing: what its tests share)
 *     5  http admin api                      the express app
 *     4  transports      3  engines          sockets; stores — neither sees the other
 *     2  broker                              meaning; declares the ports
 *     1  protocol                            bytes <-> frames
 *     0  lib                                 no word of the domain
 *
 * client/ is a house of its own: it sees nothing of server/, and server/ nothing of it.
 */
const LAYERS: Readonly<Record<string, number>> = {
  lib: 0,
  protocol: 1,
  broker: 2,
  engines: 3,
  transports: 4,
  http: 5,
  admin: 5,
  api: 5,
  cli: 6,
  setup: 6,
  testing: 6,
};
const TOP = 6;

/** What is wrong with an arrow from one file to another (paths from the project's folder), or undefined. */
function faultOf(from: string, to: string): string | undefined {
  const [house, otherHouse] = [from.split('/')[0], to.split('/')[0]];
  if (house !== otherHouse) return `${from} leaves its house for ${to}`;
  if (house !== 'server') return undefined;
  const [layer, otherLayer] = [layerOf(from), layerOf(to)];
  if (otherLayer > layer) return `${from} (layer ${layer}) imports ${to} (layer ${otherLayer})`;
  if (layer === LAYERS.transports && otherLayer === LAYERS.engines) return `${from} (transports) imports ${to} (engines)`;
  return undefined;
}

function layerOf(path: string): number {
  const [, folder, ...rest] = path.split('/');
  if (rest.length === 0) return TOP;
  const layer = LAYERS[folder ?? ''];
  assert.ok(layer !== undefined, `${path} lies in a folder that has no layer`);
  return layer;
}

/** The relative files that a source imports, re-exports or loads, types included. */
function importsOf(path: string, source: string): string[] {
  const specifiers = source.matchAll(/(?:^|\n)\s*(?:import|export)\b[^'"`;]*?from\s*'([^']+)'|(?:^|\n)import\s*'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/g);
  return [...specifiers]
    .map((match) => match[1] ?? match[2] ?? match[3] ?? '')
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => posix.normalize(posix.join(posix.dirname(path), specifier)));
}

function faultsIn(path: string, source: string): string[] {
  return importsOf(path, source).flatMap((to) => faultOf(path, to) ?? []);
}

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

function sources(): string[] {
  return ['server', 'client'].flatMap((house) =>
    readdirSync(join(root, house), { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1)),
  );
}

/** A test may look up at what it measures against; the code it stands beside may not. */
const isProduct = (path: string): boolean => !/\.test\.tsx?$/.test(path);

test('imports only fall from layer to layer', () => {
  const paths = sources().filter(isProduct);
  assert.ok(paths.length > 10, 'the sources were found');
  assert.deepEqual(
    paths.flatMap((path) => faultsIn(path, readFileSync(join(root, path), 'utf8'))),
    [],
  );
});

test('a relative import names its file with the ending', () => {
  const bare = sources().flatMap((path) =>
    importsOf(path, readFileSync(join(root, path), 'utf8'))
      .filter((to) => !/\.(ts|tsx|mjs|js|json)$/.test(to))
      .map((to) => `${path} imports ${to}`),
  );
  assert.deepEqual(bare, []);
});

test('a rising import is caught in each of its forms', () => {
  const rising = [
    "import { Broker } from '../broker/broker.ts';",
    "import type { Broker } from '../broker/broker.ts';",
    "import {\n  Broker,\n} from '../broker/broker.ts';",
    "export { Broker } from '../broker/broker.ts';",
    "export * from '../broker/broker.ts';",
    "import '../broker/broker.ts';",
    "const { Broker } = await import('../broker/broker.ts');",
  ];
  for (const source of rising) assert.equal(faultsIn('server/protocol/frame.ts', source).length, 1, source);
});

test('a falling import and one to a neighbour are fine', () => {
  assert.deepEqual(faultsIn('server/broker/session.ts', "import { Headers } from '../protocol/frame.ts';"), []);
  assert.deepEqual(faultsIn('server/broker/handlers/send.ts', "import { Session } from '../session.ts';"), []);
  assert.deepEqual(faultsIn('server/main.ts', "import { createBroker } from './app.ts';"), []);
});

test('engines and transports do not see each other, nor server and client', () => {
  assert.equal(faultsIn('server/transports/tcp-peer.ts', "import { MemoryEngine } from '../engines/memory/memory-engine.ts';").length, 1);
  assert.equal(faultsIn('server/engines/memory/x.ts', "import { TcpPeer } from '../../transports/tcp-peer.ts';").length, 1);
  assert.equal(faultsIn('client/chat/main.ts', "import { VERSIONS } from '../../server/protocol/version.ts';").length, 1);
  assert.equal(faultsIn('server/http/pages.ts', "import { rooms } from '../../client/chat/rooms.ts';").length, 1);
});

test('a package is no layer', () => {
  assert.deepEqual(faultsIn('server/lib/clock.ts', "import { readFileSync } from 'node:fs';\nimport pino from 'pino';"), []);
});
