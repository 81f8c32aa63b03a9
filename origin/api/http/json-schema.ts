// zod's schemas as JSON Schema 2020-12, which is what OpenAPI 3.1 takes.

import * as z from 'zod';

export type Json = Readonly<Record<string, unknown>>;
type Io = 'input' | 'output';

/** Of one schema, once: several routes answer alike. */
const made: Record<Io, WeakMap<z.core.$ZodType, Json>> = { input: new WeakMap(), output: new WeakMap() };

export function schemaOf(schema: z.core.$ZodType, io: Io): Json {
  const known = made[io].get(schema);
  if (known !== undefined) return known;
  const { $schema, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      // Written digit by digit, however many there are.
      if (zodSchema._zod.def.type === 'bigint') jsonSchema.type = 'integer';
      // A text with two patterns has them in `allOf`.
      for (const part of [jsonSchema, ...(jsonSchema.allOf ?? [])])
        if (part.pattern !== undefined) part.pattern = portable(part.pattern);
    },
  }) as Json & { $schema: string };
  made[io].set(schema, rest);
  return rest;
}

/** Classes of Unicode properties are read by few that are not JavaScript. Half a surrogate cannot stand in UTF-8 anyway. */
function portable(pattern: string): string {
  return pattern.replaceAll('\\p{Cc}', '\\u0000-\\u001f\\u007f-\\u009f').replaceAll('\\p{Cs}', '');
}
