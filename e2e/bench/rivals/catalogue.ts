import { bareWs } from './bare-ws.ts';
import { nats } from './nats.ts';
import { rabbitmq } from './rabbitmq.ts';
import type { Rival } from './rival.ts';
import { stompBrokerJs } from './stomp-broker-js.ts';
import { STOMPEDE_ON_REDIS } from './stompede-redis.ts';
import { stompede, stompedeMemory } from './stompede.ts';

/** Every broker there is a starter for, in the order of the table. */
export const RIVALS: readonly Rival[] = [stompede, stompedeMemory, ...STOMPEDE_ON_REDIS, bareWs, nats, stompBrokerJs, rabbitmq];

/** What runs unless `--rivals` says otherwise. */
export const DEFAULT_RIVALS: readonly Rival[] = RIVALS.filter((rival) => rival !== stompedeMemory);
