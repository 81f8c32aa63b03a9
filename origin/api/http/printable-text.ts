// Text that people read: no control characters, which would forge log lines, and no half of a surrogate pair.

import * as z from 'zod';
import { limits } from '../../../contracts/limits.ts';

export const printableText = z
  .string()
  .min(1)
  .max(limits.textLengthMax)
  .regex(/^[^\p{Cc}\p{Cs}]+$/u, 'must be printable text');

/** Why somebody gave something up: for the audit trail. */
export const givenReason = printableText
  .min(3)
  .regex(/(?:\S\s*){3}/u, 'must say something: three spaces are no reason');
