// Shapes of settings, as every part of the configuration reads one: whole numbers, one URL, one word. What is no such thing is refused
// with what it must be, and is never quoted.

import { isIPv4, isIPv6 } from 'node:net';
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
  if (!URL.canParse(text) || /\s|[,;]\w+:\/\/|[\\{}]/.test(text)) return false;
  const { protocol, hostname, host, port, password, pathname } = new URL(text);
  // The standard's parser takes `https:h` and `https:/h` too, and reads `https://https://h` as a host named https.
  if (!protocols.includes(protocol) || !text.toLowerCase().startsWith(`${protocol}//`)) return false;
  if (port === '0' || pathname.startsWith('//') || /%(?:[01][\da-f]|7f)/i.test(pathname)) return false;
  // Of Postgres it may be empty: a socket's folder is a parameter then.
  return !/[,;]/.test(host) && (hostname === '' || isHost(decodedOr(hostname))) && isEncoded(password);
}

function decodedOr(text: string): string {
  return isEncoded(text) ? decodeURIComponent(text) : text;
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

const oneId = /^[A-Za-z0-9_][\w.:@-]{0,199}$/;

/** An id or a name that somebody else has given, one. It becomes a part of a path, so `..` is none. */
export const wordSetting = z.string().regex(oneId, {
  error: 'must be one id, letters and digits, without spaces, commas or slashes',
});

/** A name as DNS has it (an underscore, as container names have, is let through), whose last label is no number: `127.1` is read in two ways. */
const hostName =
  /^(?=.{1,253}\.?$)(?:[a-z0-9_](?:[\w-]{0,61}[a-z0-9_])?\.)*(?!\d+\.?$)[a-z0-9_](?:[\w-]{0,61}[a-z0-9_])?\.?$/i;

function isHost(text: string): boolean {
  const bare = /^\[.*\]$/.test(text) ? text.slice(1, -1) : text;
  if (bare.includes(':')) return isIPv6(bare);
  return bare === text && (isIPv4(text) || hostName.test(text));
}

/** One id, or several with spaces between them. */
export function wordsSetting(max: number) {
  const error = `must be one to ${max} ids with spaces between them, each once`;
  return z
    .string()
    .transform((text) => text.trim().split(/\s+/))
    .pipe(
      z
        .array(z.string().regex(oneId, { error }))
        .max(max, { error })
        .refine((ids) => new Set(ids).size === ids.length, { error }),
    );
}

/** A host's name or address, one. */
export const hostSetting = z
  .string()
  .refine(isHost, { error: 'must be one host or address, such as 127.0.0.1 or ::1' });

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

/** As a line of a settings file has them, and as a template has what nobody filled in: neither is ever a part of a value of ours. */
const quoted = /^(["'`]).*\1$/s;
const template = /\$\{|\$\(|\{\{|^<[^<>]*>$|%\(\w+\)s/;

/** Of settings alone: what else is in the environment is its owner's. */
export function pastedProblems(settings: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(settings).flatMap(([name, value = '']) => {
    if (quoted.test(value)) return `${name}: must be the value alone, without quotes around it`;
    return template.test(value) ? `${name}: must be the value itself, and is a template that nobody filled in` : [];
  });
}
