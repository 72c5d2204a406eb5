import { ensureBuild } from './build.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { main } from './house.mjs';

/** `npm start`: set-up where it is missing, build where it is stale, then the broker in this same process. */
await main(async () => {
  await ensureDependencies({ need: 'production' });
  await ensureBuild();
  await import('../../dist/server/main.js');
});
