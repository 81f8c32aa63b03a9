// Patterns for merchant names: text, with * for any run of characters. No regular expressions: matching takes one pass over
// the name, whoever wrote the pattern.

import * as z from 'zod/mini';
import { limits } from './limits.ts';
import { plain } from './text.ts';

/** What only a regular expression would say: its writer expects more than * does here. */
const regularExpression = /[\\^$|]|[.)\]][*+?{]|\(\?|\{\d/;

export const namePatternSchema = z.string().check(
  // A name never has what would be taken away here; the API refuses it before, by the name of its field.
  z.overwrite(plain),
  z.maxLength(limits.textLengthMax),
  z.refine(
    (text) => !regularExpression.test(text),
    'looks like a regular expression; only * has a meaning, for any characters',
  ),
  z.refine((text) => text.split('*').length - 1 <= limits.patternStarsMax, `has more than ${limits.patternStarsMax} *`),
  z.refine((text) => /[^*\s]/.test(text), 'must have at least one character that is not *'),
);
