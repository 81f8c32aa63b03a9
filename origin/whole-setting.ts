// A setting that is a whole number, as every part of the configuration reads one.

import * as z from 'zod';

export function wholeSetting(min: number, max: number) {
  return z.coerce.number({ error: 'must be a number' }).int().min(min).max(max);
}
