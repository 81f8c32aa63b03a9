// Identifiers that prove what they are by their shape or check digits, so that a card's digits in them are chance: UUIDs and IBANs.

/** Whether the characters from `first` to `last` are part of such an identifier. */
export function isPartOfId(text: string, first: number, last: number): boolean {
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
const wordLengthMax = 36;

/** RFC 9562, with its version and variant: one in some thousands has a card's digits. Its five groups are no card's. */
const uuid = /(?<![0-9A-Za-z])[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}(?![0-9A-Za-z])/iy;
/** ISO 13616, and ISO 11649's creditor reference; without spaces. */
const iban = /[A-Z]{2}\d{2}[0-9A-Z]{11,30}(?![0-9A-Za-z])/y;

function isWordSign(code: number): boolean {
  const letter = code | 0x20;
  return (code >= 48 && code <= 57) || (letter >= 97 && letter <= 122) || code === 45;
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
