declare module 'stomp-broker-js' {
  import type { Server } from 'node:http';

  const StompServer: new (config: { server: Server; path?: string }) => object;
  export default StompServer;
}
