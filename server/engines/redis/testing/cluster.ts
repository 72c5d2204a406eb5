import { RedisServer, startRedis } from './redis-server.ts';
import { until } from './until.ts';

export interface RedisClusterGroup {
  /** Three, each with a third of the slots, in their order. */
  readonly primaries: readonly RedisServer[];
  /** One for each primary, in their order; none unless asked for. */
  readonly replicas: readonly RedisServer[];
  readonly url: string;
  idOf(node: RedisServer): Promise<string>;
  /** Ends all of them and removes their folders. */
  close(): Promise<void>;
}

export interface ClusterOptions {
  /** Gives each primary a replica. Default false. */
  readonly hasReplicas?: boolean;
  readonly config?: Readonly<Record<string, string | number>>;
}

const SLOT_COUNT = 16_384;
const PRIMARY_COUNT = 3;

const CONFIG = { 'cluster-enabled': 'yes', 'cluster-node-timeout': 1000, 'cluster-replica-validity-factor': 0 };

/** Starts a cluster on loopback; ready when every node says so and every replica is in step. */
export async function startCluster({ hasReplicas = false, config = {} }: ClusterOptions = {}): Promise<RedisClusterGroup> {
  const started: RedisServer[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(started.map((server) => server.close()));
  };
  const startThree = async (): Promise<RedisServer[]> => {
    const nodes: RedisServer[] = [];
    for (let i = 0; i < PRIMARY_COUNT; i++) {
      nodes.push(await startRedis({ hasPort: true, config: { ...CONFIG, ...config } }));
      started.push(nodes.at(-1)!);
    }
    return nodes;
  };
  try {
    const primaries = await startThree();
    const replicas = hasReplicas ? await startThree() : [];
    await join(primaries, replicas);
    const url = `redis+cluster://${started.map(({ port }) => `127.0.0.1:${port}`).join(',')}`;
    return { primaries, replicas, url, idOf, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function join(primaries: readonly RedisServer[], replicas: readonly RedisServer[]): Promise<void> {
  const all = [...primaries, ...replicas];
  for (const [i, node] of primaries.entries()) await node.command('CLUSTER', 'ADDSLOTS', ...slotsOf(i));
  // Nodes that meet with the same epoch would take seconds to agree who gives way.
  for (const [i, node] of all.entries()) await node.command('CLUSTER', 'SET-CONFIG-EPOCH', i + 1);
  for (const node of all.slice(1)) await node.command('CLUSTER', 'MEET', '127.0.0.1', all[0]!.port);
  await until('every node to know the others', async () => {
    const counts = await Promise.all(all.map((node) => clusterInfo(node, 'cluster_known_nodes')));
    return counts.every((count) => count === String(all.length));
  });
  for (const [i, node] of replicas.entries()) {
    const id = await idOf(primaries[i]!);
    await until('a replica to find its primary', async () => (await node.command('CLUSTER', 'REPLICATE', id)) === 'OK');
  }
  await until('the cluster to be ready', async () => {
    const states = await Promise.all(all.map((node) => clusterInfo(node, 'cluster_state')));
    const links = await Promise.all(replicas.map((node) => node.info('replication', 'master_link_status')));
    const roles = await Promise.all(primaries.map((node) => node.info('replication', 'connected_slaves')));
    return states.every((state) => state === 'ok') && links.every((link) => link === 'up') && roles.every((count) => replicas.length === 0 || count === '1');
  }, 20_000);
}

function slotsOf(index: number): number[] {
  const [from, to] = [index, index + 1].map((i) => Math.floor((i * SLOT_COUNT) / PRIMARY_COUNT)) as [number, number];
  return Array.from({ length: to - from }, (_, i) => from + i);
}

async function idOf(node: RedisServer): Promise<string> {
  return String(await node.command('CLUSTER', 'MYID'));
}

async function clusterInfo(node: RedisServer, name: string): Promise<string> {
  const text = String(await node.command('CLUSTER', 'INFO'));
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(text)?.[1] ?? '';
}
