import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import StompServer from 'stomp-broker-js';

const server = createServer();
new StompServer({ server, path: '/stomp' });
server.listen(0, '127.0.0.1', 4096, () => console.log(`listening ${(server.address() as AddressInfo).port}`));
process.once('disconnect', () => process.exit());
