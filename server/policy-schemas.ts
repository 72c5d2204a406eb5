import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { MessageSchema, type JsonSchema } from './broker/message-schema.ts';
import type { DestinationPolicy } from './broker/policies.ts';

/**
 * The policies with their schemas read from the files that they name (relative to `directory`), and a sentence for each
 * that cannot be had or used.
 */
export function withSchemas(
  policies: readonly DestinationPolicy[],
  directory: string,
): { readonly policies: readonly DestinationPolicy[]; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const read = policies.map((policy, i): DestinationPolicy => {
    if (policy.schema === undefined) return policy;
    const where = `policies[${i}].schema`;
    const found = typeof policy.schema === 'string' ? fromFile(where, resolve(directory, policy.schema)) : { schema: policy.schema, where };
    const problem = 'problem' in found ? found.problem : problemOf(found);
    if (problem !== undefined) problems.push(problem);
    return 'problem' in found ? policy : { ...policy, schema: found.schema };
  });
  return { policies: read, problems };
}

type Found = { readonly schema: JsonSchema; readonly where: string };

function fromFile(name: string, path: string): Found | { readonly problem: string } {
  try {
    return { schema: JSON.parse(readFileSync(path, 'utf8')) as JsonSchema, where: `${name} (${path})` };
  } catch (error) {
    return { problem: `${name} must name a file with a JSON Schema, but ${path} cannot be read as JSON: ${wordsOf(error)}.` };
  }
}

function problemOf({ schema, where }: Found): string | undefined {
  try {
    new MessageSchema(schema);
    return undefined;
  } catch (error) {
    return `${where} must be a JSON Schema (draft 2020-12) that stands alone, but it is none: ${wordsOf(error)}.`;
  }
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
