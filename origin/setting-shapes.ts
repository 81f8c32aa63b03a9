// Shapes of settings, as every part of the configuration reads one: whole numbers, one URL, one word. What is no such thing is refused
// with what it must be, and is never quoted.

import * as z from 'zod';
import { type Amounts, readAmounts } from '../contracts/amount-max.ts';

/** In digits alone: Number() takes "0x10", "1e3" and "" too. */
export function wholeSetting(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, { error })
    .transform(Number)
    .pipe(z.number().min(min, { error }).max(max, { error }));
}

/** One of few words. */
export function oneOfSetting<const T extends string>(...words: readonly T[]) {
  return z.enum(words, { error: `must be ${words.join(' or ')}` });
}

/** A list of URLs reads as one whose host or path has a comma in it. */
export function urlSetting(...protocols: readonly string[]) {
  return z.string().refine((text) => isOneUrl(text, protocols), {
    error: `must be a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}, and only one`,
  });
}

function isOneUrl(text: string, protocols: readonly string[]): boolean {
  if (!URL.canParse(text) || /\s|[,;]\w+:\/\//.test(text)) return false;
  const { protocol, host, password } = new URL(text);
  return protocols.includes(protocol) && !/[,;]/.test(host) && isEncoded(password);
}

/** Whoever connects decodes it. */
function isEncoded(part: string): boolean {
  try {
    decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}

/** An id or a name that somebody else has given, one. */
export const wordSetting = z.string().regex(/^[\w.:@-]{1,200}$/, { error: 'must be one id, without spaces or commas' });

/** One id, or several with spaces between them. */
export function wordsSetting(max: number) {
  const error = `must be one to ${max} ids with spaces between them, each once`;
  return z
    .string()
    .transform((text) => text.trim().split(/\s+/))
    .pipe(
      z
        .array(z.string().regex(/^[\w.:@-]{1,200}$/, { error }))
        .max(max, { error })
        .refine((ids) => new Set(ids).size === ids.length, { error }),
    );
}

/** A host's name or address, one. */
export const hostSetting = z.string().regex(/^[\w.:[\]%-]{1,255}$/, { error: 'must be one host or address' });

/** A path or a place: anything that can be seen. */
export const placeSetting = z.string().regex(/^[^\p{Cc}]{1,1000}$/u, { error: 'must be one line of text' });

/** Pairs of a currency and an amount. `nothing`: what an amount of 0 would say, as `nothing that may wait`. Not set: no currency is named. */
export function amountsSetting(nothing: string) {
  return z
    .string()
    .transform((text, context): Amounts => {
      const read = readAmounts(text, nothing);
      if (typeof read !== 'string') return read;
      context.addIssue({ code: 'custom', message: read });
      return z.NEVER;
    })
    .default(new Map());
}
