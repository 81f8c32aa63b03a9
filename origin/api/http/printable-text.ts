// Text that people read: nothing that forges a log line, that a reader does not see, or that a spreadsheet would work out.

import * as z from 'zod';
import { limits } from '../../../contracts/limits.ts';
import { isPlain, wordsForm, wordsProblem } from '../../../contracts/text.ts';

export const printableText = z
  .string()
  .min(1)
  .max(limits.textLengthMax)
  .regex(wordsForm, wordsProblem)
  .refine(isPlain, wordsProblem);

/** Why somebody gave something up: for the audit trail. */
export const givenReason = printableText
  .min(3)
  .regex(/(?:\S\s*){3}/u, 'must say something: three spaces are no reason');
