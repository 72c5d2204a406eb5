import { ensureBuild } from './build.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { followShell } from './follow-shell.mjs';
import { main } from './house.mjs';

/** `npm start`: set-up where it is missing, build where it is stale, then the broker in this same process. */
if (process.env.npm_lifecycle_event === 'start') followShell();
await main(async () => {
  await ensureDependencies({ need: 'production' });
  await ensureBuild({ isForStart: true });
  await import('../../dist/server/main.js');
});
