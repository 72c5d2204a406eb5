import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuild } from './build.mjs';
import { ClusterProcess } from './cluster-process.mjs';
import { startOwnRedis } from './cluster-redis.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { followShell } from './follow-shell.mjs';
import { main, ROOT, say, SetupError } from './house.mjs';
import { ensureSystemPackages } from './system-packages.mjs';

const USAGE = `npm run cluster [-- --nodes 3 --port 15674 --tcp-port 61613 --data ./data/redis]

Starts a Redis of its own and several nodes on it, to try what a cluster does. Node n listens n - 1 above each port; port
0 gives every node any free one. Everything else a node can be told by its environment. Ctrl-C ends all.
`;

const FLAGS = {
  nodes: { type: 'string', default: '3' },
  port: { type: 'string', default: '15674' },
  'tcp-port': { type: 'string', default: '61613' },
  data: { type: 'string', default: './data/redis' },
  help: { type: 'boolean', default: false },
};

/** A signal later than this after the first means "at once"; a sooner one is the same key press. */
const SAME_SIGNAL_MS = 500;

/** `npm run cluster`: set-up and build as for `npm start`, Redis, then the nodes; lives until a signal, or until nothing can go on. */
async function cluster(flags) {
  const wanted = readFlags(flags);
  if (wanted.help) return process.stdout.write(USAGE);
  await ensureDependencies({ need: 'production' });
  await ensureBuild({ isForStart: true });
  const { REDIS_SERVER } = await ensureSystemPackages(['redis']);
  const nodes = [];
  const own = await startOwnRedis(REDIS_SERVER, wanted.data);
  const stop = stopOnSignal(own.redis, nodes);
  const failure = await Promise.race([stop.asked, live(own, nodes, wanted, stop)]);
  if (failure) {
    say(`${failure}; ending the rest`);
    process.exitCode = 1;
  }
  await endAll(own.redis, nodes);
}

/** Fills `nodes` and resolves with a sentence when nothing can go on. A node that ends is part of the trial while others live. */
async function live({ redis, ready, url, socket }, nodes, wanted, stop) {
  if (!(await ready)) return 'Redis ended before it was ready: see its lines above';
  if (stop.isAsked) return undefined;
  for (let index = 0; index < wanted.nodes; index += 1) nodes.push(startNode(index, wanted, url));
  const addresses = await Promise.all(nodes.map(listening));
  if (!addresses.every(Boolean)) return 'a node ended before it listened: see its lines above';
  process.stdout.write(welcome(addresses, socket));
  const ends = nodes.map(async (node) => {
    const how = await node.ended;
    if (!stop.isAsked) say(`${node.name} ended (${how}), the others go on`);
  });
  const redisEnded = redis.ended.then((how) => `Redis ended (${how})`);
  return Promise.race([redisEnded, Promise.all(ends).then(() => 'every node has ended')]);
}

function readFlags(flags) {
  let values;
  try {
    ({ values } = parseArgs({ args: flags, options: FLAGS }));
  } catch (error) {
    throw new SetupError(`${error.message}\n\n${USAGE}`);
  }
  const number = (name, min, max) => {
    const value = Number(values[name]);
    if (Number.isInteger(value) && value >= min && value <= max && values[name] !== '') return value;
    throw new SetupError(`--${name} must be a whole number from ${min} to ${max}, but it is ${JSON.stringify(values[name])}`);
  };
  const nodes = number('nodes', 1, 64);
  const highest = 65_535 - nodes + 1;
  return { nodes, port: number('port', 0, highest), tcpPort: number('tcp-port', 0, highest), data: values.data, help: values.help };
}

function startNode(index, { port, tcpPort }, url) {
  const above = (first) => String(first === 0 ? 0 : first + index);
  return new ClusterProcess(
    `node ${index + 1}`,
    process.execPath,
    [`${ROOT}dist/server/main.js`, '--port', above(port), '--tcp-port', above(tcpPort)],
    { env: { ...process.env, REDIS_URL: url, STOMPEDE_ENGINE: 'redis', STOMPEDE_WORKERS: '1' } },
  );
}

/** Where a node listens, as its log says; undefined when it ended. */
function listening(node) {
  return node.line((line) => {
    if (!line.includes('"event":"listening"')) return undefined;
    const { http, tcp } = JSON.parse(line);
    return { name: node.name, http, tcp };
  });
}

function welcome(addresses, socket) {
  return [
    '',
    `${addresses.length} node(s) on one Redis. Open the chat on different ones; end a node (kill -9) and see what the others do.`,
    '',
    ...addresses.map(({ name, http, tcp }) => `  ${name}  ${http}/chat/  STOMP over TCP: ${tcp}`),
    `  redis   redis-cli -s ${relative(process.cwd(), socket) || socket}`,
    '',
    'Ctrl-C ends all.',
    '',
    '',
  ].join('\n');
}

/** Its `asked` resolves at the first signal, with nothing; a later one ends everybody at once. */
function stopOnSignal(redis, nodes) {
  const stop = { isAsked: false };
  stop.asked = new Promise((resolve) => {
    let firstAt;
    const onSignal = () => {
      firstAt ??= performance.now();
      if (performance.now() - firstAt > SAME_SIGNAL_MS) for (const each of [...nodes, redis]) each.signal('SIGKILL');
      stop.isAsked = true;
      resolve();
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
  return stop;
}

/** The nodes first: what they hold goes back while the store is there. */
async function endAll(redis, nodes) {
  for (const node of nodes) node.signal('SIGTERM');
  await Promise.all(nodes.map(({ ended }) => ended));
  redis.signal('SIGTERM');
  await redis.ended;
}

if (process.env.npm_lifecycle_event === 'cluster') followShell();
await main(() => cluster(process.argv.slice(2)));
