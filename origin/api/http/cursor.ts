// Where a page of a listing ends, as one opaque word. Its parts are the sort key of the last item, so a page begins after
// that item however many have come meanwhile.

import * as z from 'zod';

export const limitSchema = z.coerce.number().int().min(1).max(100).default(50);

/** A number in a cursor, as far as it can be a key of ours. */
export const cursorNumber = z.string().regex(/^\d{1,18}$/);

export function cursorOf(...parts: readonly (string | number | bigint)[]): string {
  return Buffer.from(parts.join(' ')).toString('base64url');
}

/** A cursor's parts in the shape given. What we did not write is refused like any other field. */
export function cursorSchema<T>(parts: z.ZodType<T>, lengthMax = 200) {
  return z
    .string()
    .max(lengthMax)
    .transform((word, context): T => {
      const parsed = parts.safeParse(Buffer.from(word, 'base64url').toString().split(' '));
      if (parsed.success) return parsed.data;
      context.addIssue('is not a cursor of this listing');
      return z.NEVER;
    })
    .optional();
}
