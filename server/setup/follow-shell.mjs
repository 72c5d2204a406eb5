/**
 * A SIGTERM to npm ends npm and the shell between it and us, and nobody tells us: what we run would go on alone. So when
 * the shell is gone, we act as if the signal had come here. For scripts that npm runs and that last long.
 */
export function followShell() {
  const shell = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, 300);
  watch.unref();
}
