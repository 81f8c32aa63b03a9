// Identifiers that prove what they are by their shape or check digits, so that a card's digits in them are chance: UUIDs, IBANs, and
// tokens of hexadecimal digits.

/** Whether the characters from `first` to `last` are part of such an identifier. */
export function isPartOfId(text: string, first: number, last: number): boolean {
  if (isInHexToken(text, first, last)) return true;
  // The first sign of the word they stand in: letters, digits and hyphens, as far as an identifier may reach.
  let start = first;
  while (start > 0 && last - start < wordLengthMax && isWordSign(text.charCodeAt(start - 1))) start--;
  iban.lastIndex = start;
  const [found = ''] = iban.exec(text) ?? [];
  if (start + found.length > last && passesMod97(found)) return true;
  // Also behind a prefix: `card-` and a UUID.
  for (let at = start; at <= first; at++) {
    uuid.lastIndex = at;
    if (uuid.test(text) && uuid.lastIndex > last) return true;
  }
  return false;
}

/** From 96 random bits on; SHA-512 has the longest. */
const [tokenLengthMin, tokenLengthMax] = [24, 128];

/**
 * Whether it stands in a word of hexadecimal digits alone, of 24 and more, with a letter among them: one in 1,200 random ones of 32 has a card's
 * digits by chance. A chip writes its second track in hexadecimal digits too (number, `D`, expiry date and service code, `F` to the end): that is no token.
 */
function isInHexToken(text: string, first: number, last: number): boolean {
  let start = first;
  while (start > 0 && last - start < tokenLengthMax && isHexSign(text.charCodeAt(start - 1))) start--;
  let end = last + 1;
  while (end - start <= tokenLengthMax && isHexSign(text.charCodeAt(end))) end++;
  if (end - start < tokenLengthMin || end - start > tokenLengthMax) return false;
  // `0x` before it is how programs write such a number.
  const before = text.slice(start - 2, start) === '0x' ? start - 3 : start - 1;
  const isWord = !isLetterOrDigit(text.charCodeAt(before)) && !isLetterOrDigit(text.charCodeAt(end));
  const token = text.slice(start, end);
  return isWord && hexToken.test(token) && !track.test(token);
}
const hexToken = /^\d*[a-f][\da-f]*$/i;
const track = /^\d{12,19}(?:d\d\d(?:0[1-9]|1[0-2])\d{3,}f*|f+)$/i;

function isHexSign(code: number): boolean {
  const letter = code | 0x20;
  return (code >= 48 && code <= 57) || (letter >= 97 && letter <= 102);
}
const wordLengthMax = 36;

/**
 * RFC 9562, with its version and variant, or with a letter in it as older GUIDs have: one in some thousands has a card's digits. Its five groups
 * are no card's.
 */
const uuid =
  /(?<![0-9A-Za-z])(?=[\d-]*[a-f]|.{14}[1-8].{4}[89])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9A-Za-z])/iy;
/** ISO 13616, and ISO 11649's creditor reference; without spaces. */
const iban = /[A-Z]{2}\d{2}[0-9A-Z]{11,30}(?![0-9A-Za-z])/y;

function isWordSign(code: number): boolean {
  return isLetterOrDigit(code) || code === 45;
}

/** Of ASCII: false for NaN, before and behind the text. */
function isLetterOrDigit(code: number): boolean {
  const letter = code | 0x20;
  return (code >= 48 && code <= 57) || (letter >= 97 && letter <= 122);
}

/** ISO 7064, MOD 97-10: the first four characters go to the end, letters count from 10. */
function passesMod97(text: string): boolean {
  let rest = 0;
  for (let at = 4; at < text.length + 4; at++) {
    const value = Number.parseInt(text.charAt(at % text.length), 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}
