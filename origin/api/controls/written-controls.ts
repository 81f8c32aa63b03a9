// Fields that another contract looks at, once the whole is put together: taken as they are here, and shown in the API's document
// as that contract has them.

import * as z from 'zod';
import { categoryPatternSchema } from '../../../contracts/category-pattern.ts';
import { controlSchema } from '../../../contracts/control.ts';

type Schema = z.core.$ZodType;

/** Anything, documented as something. */
export function documentedAs(schema: Schema, io: 'input' | 'output' = 'input') {
  const { $schema, default: _, ...shown } = z.toJSONSchema(schema, { io, unrepresentable: 'any', override });
  return z.unknown().register(z.globalRegistry, shown as Record<string, unknown>);
}

/** A category is written as a word too, and that stands in what was written. */
function override({ zodSchema, jsonSchema }: { zodSchema: Schema; jsonSchema: Record<string, unknown> }): void {
  if (zodSchema !== categoryPatternSchema) return;
  delete jsonSchema['pattern'];
  jsonSchema['description'] = 'A merchant category code, a range, a group, or a Stripe category: see GET /categories.';
}

/** Controls as a request has them. */
export const givenControls = documentedAs(z.array(controlSchema));
/** One as it was written, with its defaults. */
export const writtenControl = documentedAs(controlSchema, 'output');
