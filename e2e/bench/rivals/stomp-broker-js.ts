import { packageVersion, startProgram } from './node-rival.ts';
import type { Rival } from './rival.ts';

export const stompBrokerJs: Rival = {
  name: 'stomp-broker-js',
  about: 'the existing STOMP broker for Node, as it comes; topics in memory only',
  hasQueues: false,
  absence: () => undefined,
  start: (testbed) =>
    startProgram(testbed, new URL('./stomp-broker-js-server.ts', import.meta.url), packageVersion('stomp-broker-js'), {
      path: '/stomp',
      protocol: 'stomp',
      echoes: 0,
      confirmsSubscribe: false,
    }),
};
