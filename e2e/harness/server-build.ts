import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';

export const REPOSITORY = resolve(import.meta.dirname, '../..');

let command: Promise<string[]> | undefined;

/**
 * What to run as the server: Node's arguments. That is the built `dist/server/main.js`, brought up to date first; or,
 * while working on the server, the sources themselves with `STOMPEDE_E2E_MAIN=server/main.ts` in the environment.
 */
export function serverCommand(): Promise<string[]> {
  command ??= prepare();
  return command;
}

async function prepare(): Promise<string[]> {
  const main = process.env['STOMPEDE_E2E_MAIN'];
  if (main) return ['--import', import.meta.resolve('tsx'), resolve(REPOSITORY, main)];
  const builder = spawn(process.execPath, [join(REPOSITORY, 'server/setup/build.mjs')], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [builder.stdout, builder.stderr]) stream.on('data', (text) => (output += String(text)));
  const [code] = (await once(builder, 'close')) as [number | null];
  if (code !== 0) throw new Error(`The server does not build (${code}):\n${output}`);
  return [join(REPOSITORY, 'dist/server/main.js')];
}
