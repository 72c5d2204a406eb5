declare module 'stomp-broker-js' {
  import type { Server } from 'node:http';

  export default class StompServer {
    constructor(config: { server: Server; path?: string });
  }
}
