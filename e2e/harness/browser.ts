import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright';

/** Fetches nothing by itself, and runs as root and without a graphics card. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Starts Chromium: the one `CHROMIUM_PATH` names, else the first on PATH, else Playwright's own.
 * Rejects when there is none; a missing browser never skips a test. The caller closes it.
 */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = process.env['CHROMIUM_PATH'] || onPath();
  try {
    return await chromium.launch({ args: ARGUMENTS, ...(executablePath === undefined ? {} : { executablePath }) });
  } catch (error) {
    const tried = executablePath ?? `no chromium on PATH, nor Playwright's own at ${chromium.executablePath()}`;
    throw new Error(`Expected a Chromium that starts, got: ${tried}. Set CHROMIUM_PATH, or: npx playwright install chromium`, {
      cause: error,
    });
  }
}

function onPath(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // not there, or not for us: look on
  }
}
