import { lanes, quietNode, wildcards } from './cluster.ts';
import { connections } from './connections.ts';
import { depth, priority, queue, scheduled, selectors } from './queues.ts';
import { destinations, fanOut, rooms, subscribers } from './topics.ts';
import type { Workload } from './workload.ts';

export const WORKLOADS: readonly Workload[] = [fanOut, rooms, queue, connections, subscribers, destinations, depth, priority, selectors, scheduled, lanes, wildcards, quietNode];
