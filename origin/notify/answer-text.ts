// What an endpoint answered, as far as it is worth keeping: the first of it, printable, without secrets or card numbers.
// It helps a partner to find its own mistake; what a name or a word does not give away as a secret is not found.

import { maskedText } from '../card-data/found.ts';

/** Bytes kept: an error's first lines. Never a whole answer, which might be a page that is no business of ours. */
export const answerBytesMax = 1_024;

const secretShapes: readonly RegExp[] = [
  // Keys and tokens that say what they are: ours, Stripe's, GitHub's, AWS's, a JWT.
  /\b(?:whsec|whsk|sk|rk|pk)_[A-Za-z0-9_+/=-]{8,}/g,
  /\b(?:gh[pousr]_|github_pat_)\w{16,}/g,
  /\b(?:AKIA|ASIA)[0-9A-Z]{12,}/g,
  /\beyJ[\w-]{8,}(?:\.[\w-]*)*/g,
  /\b(?:Bearer|Basic)\s+[\w+/=.~-]+/gi,
  // Userinfo of a URL.
  /(?<=:\/\/)[^\s/@"']+@/g,
];
/** A field named as a secret, with its value: JSON, a form, a header, a line of configuration. */
const secretField =
  /((?:password|passwd|secret|token|api[_-]?key|authorization|cookie|signature|private[_-]?key|credential)[\w-]*["']?\s*[:=]\s*)(?:"[^"]*"?|'[^']*'?|[^\s,;&}<]+)/gi;

export function answerText(bytes: Uint8Array, { cut = false }: { cut?: boolean } = {}): string {
  const kept = bytes.subarray(0, answerBytesMax);
  const whole = !cut && kept.length === bytes.length;
  let text = new TextDecoder().decode(kept).normalize('NFKC');
  // What is cut may have lost the digits by which a card number is known.
  if (!whole) text = text.replace(/[^\p{L}]*$/u, '');
  text = text.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\uFFFD]+/gu, ' ').trim();
  text = text.replace(secretField, '$1[secret]');
  for (const shape of secretShapes) text = text.replace(shape, '[secret]');
  // Compatibility forms may be longer than what was sent. Masked before it is cut through the middle of a number.
  return maskedText('webhook_answer', text).slice(0, answerBytesMax);
}
