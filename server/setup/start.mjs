import { ensureBuild } from './build.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { main } from './house.mjs';

/** `npm start`: set-up where it is missing, build where it is stale, then the broker in this same process. */
/**
 * A SIGTERM to npm ends npm and the shell between it and us, and nobody tells us: the broker would run on alone. So when
 * the shell is gone, we act as if the signal had come here.
 */
function followShell() {
  const shell = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, 300);
  watch.unref();
}

if (process.env.npm_lifecycle_event === 'start') followShell();
await main(async () => {
  await ensureDependencies({ need: 'production' });
  await ensureBuild({ isForStart: true });
  await import('../../dist/server/main.js');
});
