// The named schemas of the document. A schema is known by what it says, not by which variable holds it: wherever the same is written, the
// document refers to its name. So a page of cards refers to `Card`, and `Card` to `Profile`.

import type { Json } from './json-schema.ts';

export interface ComponentSchemas {
  /** Throws where the name is another schema's. A schema that has a name keeps its first one. */
  name(name: string, schema: Json): void;
  /** The schema as it stands in an operation: what has a name is a reference, all through. */
  referring(schema: Json): Json;
  /** `#/components/schemas`: those that were referred to, by name. */
  all(): Record<string, Json>;
}

export function createComponentSchemas(): ComponentSchemas {
  const byText = new Map<string, string>();
  const byName = new Map<string, Json>();
  const written = new Map<string, Json>();

  const referring = (value: Json): Json => {
    const name = isNameable(value) ? byText.get(textOf(value)) : undefined;
    if (name === undefined) return throughout(value, refer) as Json;
    if (!written.has(name)) {
      // Its place first: a schema could refer to itself.
      written.set(name, {});
      written.set(name, throughout(byName.get(name) ?? {}, refer) as Json);
    }
    return { $ref: `#/components/schemas/${name}`, ...annotationsOf(value) };
  };
  const refer = (value: unknown): unknown => (isObject(value) ? referring(value) : throughout(value, refer));

  return {
    name(name, schema) {
      const text = textOf(schema);
      const known = byName.get(name);
      if (known !== undefined && textOf(known) !== text) throw new Error(`two schemas are called ${name}`);
      if (byText.has(text)) return;
      const { default: _, ...rest } = schema;
      byName.set(name, rest);
      byText.set(text, name);
    },
    referring,
    all: () => Object.fromEntries([...written].toSorted(([one], [other]) => (one < other ? -1 : 1))),
  };
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Only these have names: looking at every number and text for one would take longer than all the rest. */
function isNameable(value: Json): boolean {
  return 'properties' in value || 'oneOf' in value || 'anyOf' in value;
}

function throughout(value: unknown, change: (value: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(change);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, change(member)]));
}

/** What is said of one place where a schema stands, and not of the schema: it may stand beside a reference. */
function annotationsOf({ default: preset, description }: Json): Json {
  return {
    ...(preset === undefined ? {} : { default: preset }),
    ...(description === undefined ? {} : { description }),
  };
}

/** Schemas that are one object are looked at once. */
const texts = new WeakMap<Json, string>();

function textOf(schema: Json): string {
  const known = texts.get(schema);
  if (known !== undefined) return known;
  const { default: _, description: __, ...rest } = schema;
  const text = JSON.stringify(rest, (_name, member: unknown) => (isObject(member) ? sorted(member) : member));
  texts.set(schema, text);
  return text;
}

function sorted(value: Json): Json {
  return Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
