// A value in the shape of its contract, or a refusal that names each field and rule, never the value. API and domain both read by it.

import * as z from 'zod';
import { fieldProblems } from '../contracts/problem.ts';
import { refusal } from './errors.ts';

/** `at`: where the value stands in the request, as `controls`. */
export function inShape<T>(schema: z.core.$ZodType<T>, value: unknown, at = ''): T {
  const parsed = z.safeParse(schema, value);
  if (parsed.success) return parsed.data;
  throw refusal('field_invalid', fieldProblems(parsed.error, at));
}
