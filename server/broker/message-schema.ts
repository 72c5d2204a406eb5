import { createRequire } from 'node:module';
import { isUtf8 } from 'node:buffer';
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import type { FormatsPlugin } from 'ajv-formats';
import { cut } from '../lib/cut.ts';

/** A JSON Schema as JSON has it. */
export type JsonSchema = boolean | Readonly<Record<string, unknown>>;

/** A violation is told in so many characters at most: paths and names in it are the sender's. */
const MAX_VIOLATION_LENGTH = 500;

/** What the words of a violation leave out, by keyword. */
const TELLING_PARAMETER: Readonly<Record<string, string>> = {
  enum: 'allowedValues',
  const: 'allowedValue',
  additionalProperties: 'additionalProperty',
  unevaluatedProperties: 'unevaluatedProperty',
  propertyNames: 'propertyName',
};

/**
 * A JSON Schema (draft 2020-12, with the usual formats), compiled, and what it says of messages. It comes from the
 * operator, as do the patterns in it; the messages come from anyone. So it stops at the first violation.
 */
export class MessageSchema {
  readonly #validate: ValidateFunction;

  /** Throws an `Error` whose message says what is wrong with the schema. */
  constructor(schema: JsonSchema) {
    this.#validate = compile(schema);
  }

  /** What is wrong with a message, where in it and what was expected; undefined if nothing is. */
  violationIn(content: Content): string | undefined {
    const violation = 'fault' in content ? content.fault : this.#violationIn(content.json);
    return violation === undefined ? undefined : cut(violation, MAX_VIOLATION_LENGTH);
  }

  #violationIn(json: unknown): string | undefined {
    try {
      if (this.#validate(json)) return undefined;
    } catch (error) {
      // A schema that refers to itself follows the message as deep as that goes.
      if (error instanceof RangeError) return 'expected JSON that is less deep';
      throw error;
    }
    const [first] = this.#validate.errors ?? [];
    return first ? told(first) : 'the schema lets nothing through';
  }
}

/** A body as JSON, or why it is none. */
export type Content = { readonly json: unknown } | { readonly fault: string };

export function readContent(body: Buffer): Content {
  if (!isUtf8(body)) return { fault: 'expected JSON, got octets that are no UTF-8' };
  try {
    return { json: JSON.parse(body.toString()) as unknown };
  } catch (error) {
    return { fault: `expected JSON: ${wordsOf(error)}` };
  }
}

function told({ instancePath, keyword, message, params }: ErrorObject): string {
  const parameter = (params as Readonly<Record<string, unknown>>)[TELLING_PARAMETER[keyword] ?? ''];
  const more = parameter === undefined ? '' : `: ${JSON.stringify(parameter)}`;
  return `at ${instancePath || '/'}: ${message ?? keyword}${more}`;
}

/** Loaded when the first schema is there: it takes 15 MB and a good part of the start, and most nodes have none. */
function compile(schema: JsonSchema): ValidateFunction {
  const require = createRequire(import.meta.url);
  const { Ajv2020 } = require('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
  const { default: addFormats } = require('ajv-formats') as { readonly default: FormatsPlugin };
  // Strict about unknown words, which are slips of the pen; not about style. An instance each: `$id`s never meet.
  const ajv = new Ajv2020({ strictSchema: true, strictTypes: false, strictTuples: false, strictRequired: false, ownProperties: true, logger: false });
  addFormats(ajv);
  const validate = ajv.compile(schema);
  if ('$async' in validate) throw new Error('expected a schema without $async');
  return validate;
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
