// Shapes that settings of the edge have, whatever they are of.

import * as z from 'zod/mini';
import { type Amounts, readAmounts } from '../contracts/amount-max.ts';
import { secretsIn } from '../contracts/secret-strength.ts';

export const noAmounts: Amounts = new Map();
/** Pairs of a currency and an amount. `nothing`: what is wrong with an amount of 0. */
export const amounts = (nothing: string) =>
  z._default(
    z.pipe(
      z.string(),
      z.transform((text: string, { issues }): Amounts => {
        const read = readAmounts(text, nothing);
        if (typeof read !== 'string') return read;
        issues.push({ code: 'custom', message: read, input: undefined });
        return noAmounts;
      }),
    ),
    new Map(),
  );
export const wholeNumber = (min: number, max: number, otherwise: number) =>
  z._default(
    z.pipe(
      z.unknown(),
      z.pipe(
        // Number() takes "", " ", "0x10" and "1e3" too.
        z.transform((given: unknown) => (/^\d{1,9}$/.test(`${given}`) ? Number(given) : null)),
        z.int('must be a whole number').check(z.minimum(min), z.maximum(max)),
      ),
    ),
    otherwise,
  );
/** One secret, or several with spaces between them while it changes; each in this shape. */
export const several = (shape: RegExp, error: string) =>
  z
    .string()
    .check(
      z.refine((text) => secretsIn(text).length > 0 && secretsIn(text).every((secret) => shape.test(secret)), error),
    );
