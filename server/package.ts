import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where the package lies, whether this runs from server/ or from dist/server/. */
const ROOT = rootAbove(import.meta.dirname);

/** The product's version, as package.json says. */
export const VERSION = readVersion();

/** What the HTTP port serves: the files of public/ as they stand, then the built pages' scripts. */
export const PAGE_FOLDERS: readonly string[] = [join(ROOT, 'public'), join(ROOT, 'dist', 'client')];

function rootAbove(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const above = dirname(folder);
  if (above === folder) throw new Error(`No package.json lies above ${import.meta.dirname}`);
  return rootAbove(above);
}

function readVersion(): string {
  const content: unknown = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  if (typeof content !== 'object' || content === null || !('version' in content) || typeof content.version !== 'string') {
    throw new Error(`${join(ROOT, 'package.json')} says no version`);
  }
  return content.version;
}
