import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The project's folder, with a slash at its end. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Tells on stderr what set-up does; stdout belongs to the broker's log and to test reports. */
export function say(sentence) {
  process.stderr.write(`stompede: ${sentence}\n`);
}

/** Something a person has to put right. The scripts print its sentence without a stack trace. */
export class SetupError extends Error {}

/**
 * Runs a command to its end with its output on our stderr (`output: 'inherit'` = on our stdout).
 * Resolves with its exit code, 128 for a death by signal, 127 when it cannot be started.
 */
export function run(command, args, { cwd = ROOT, env = process.env, output = 2 } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', output, 2] });
    child.on('error', (error) => {
      say(`cannot run ${command}: ${error.message}`);
      resolve(127);
    });
    child.on('close', (code) => resolve(code ?? 128));
  });
}

/** Runs a script's body and turns a `SetupError` into its sentence and exit code 1. */
export async function main(body) {
  try {
    await body();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}
