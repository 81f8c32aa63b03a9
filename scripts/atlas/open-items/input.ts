// An action's input from the fields of a command line: what its JSON Schema says is a number is read as one, an object as JSON.

import { UsedWrongly } from '../command.ts';
import type { Fields } from './words.ts';

/** Throws what cannot be read, and names the fields that there are where one is unknown. */
export function inputFrom(fields: Fields, schema: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const properties = (schema['properties'] ?? {}) as Record<string, { type?: unknown }>;
  return Object.fromEntries(
    Object.entries(fields).map(([name, text]) => {
      const property = properties[name];
      if (property === undefined) {
        const known = Object.keys(properties).join(', ') || 'none';
        throw new UsedWrongly(`--set ${name}: the action has no such field; it has ${known}`);
      }
      return [name, readValue(name, text, property.type)];
    }),
  );
}

function readValue(name: string, text: string, type: unknown): unknown {
  if (type === 'string' || (Array.isArray(type) && type.includes('string'))) return text;
  try {
    return JSON.parse(text);
  } catch {
    throw new UsedWrongly(
      `--set ${name}=${text} is not ${type === 'object' ? 'a JSON object' : `JSON, as ${String(type)} is`}`,
    );
  }
}
