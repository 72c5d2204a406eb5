import { packageVersion, startProgram } from './node-rival.ts';
import type { Rival } from './rival.ts';

export const bareWs: Rival = {
  name: 'bare-ws',
  about: 'the ceiling: `ws` with a turn\'s frames joined into one write per socket, no broker around it',
  hasQueues: false,
  absence: () => undefined,
  start: (testbed) =>
    startProgram(testbed, new URL('./bare-ws-server.ts', import.meta.url), packageVersion('ws'), {
      path: '/',
      protocol: 'stomp',
      echoes: 1,
      confirmsSubscribe: true,
    }),
};
