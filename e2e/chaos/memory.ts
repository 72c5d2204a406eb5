import { readFile } from 'node:fs/promises';

/** Anonymous memory of a process in kB: what it really holds; files it has mapped or read do not count. */
export async function anonymousKb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/RssAnon:\s+(\d+) kB/.exec(status)?.[1]);
}
