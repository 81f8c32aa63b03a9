// Merchant categories as a control names them at the edge: a code, or a range of codes. Words are resolved before that.

import * as z from 'zod/mini';

export const categoryPatternSchema = z.string().check(
  z.regex(/^\d{4}(-\d{4})?$/, 'must be a merchant category code such as "5411", or a range such as "3000-3299"'),
  z.refine((text) => text.length !== 9 || text.slice(0, 4) <= text.slice(5), 'is a range that ends before it starts'),
);
