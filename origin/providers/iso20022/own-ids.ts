// Our ids in what a bank repeats of them: of a transfer, of a payment file's currency, of a whole file. Banks fold their letters, pad
// them, break them over lines and drop hyphens. 26 random characters in a form of their own are nobody else's by chance; whether
// one is really ours is for the claims in object storage to say.

export interface OwnId {
  readonly what: 'transfer' | 'payment' | 'message' | 'settlement';
  /** As we wrote it; of a settlement without its submission `stl_…`, which no payment of ours is called. */
  readonly id: string;
}

/** Crockford's base 32, as contracts/ids.ts draws it. */
const sign = '[0-9a-hjkmnp-tv-z]';
const transfer = new RegExp(`^stl[-_\\s]?(${sign}{26})[-\\s]?(\\d{1,6})$`, 'i');
const settlement = new RegExp(`^stl[-_\\s]?(${sign}{26})$`, 'i');
const digest = /^(AT[KM])([0-9A-F]{28})(?:[-\s]?([A-Z]{3}))?$/i;

/** The shortest has 29 signs; a longer reference than this is none. */
const [lengthMin, lengthMax] = [29, 80];

/** The id that a reference is as a whole; null for what is none of ours. */
export function ownId(reference: string): OwnId | null {
  const text = folded(reference).trim();
  if (text.length < lengthMin || text.length > lengthMax) return null;
  const [, random, submission] = transfer.exec(text) ?? [];
  if (random !== undefined && submission !== undefined) return transferId(random, submission);
  const [, bare] = settlement.exec(text) ?? [];
  if (bare !== undefined) return { what: 'settlement', id: `stl_${bare.toLowerCase()}` };
  const [, kind = '', hex, currency] = digest.exec(text) ?? [];
  if (hex === undefined) return null;
  if (kind.toUpperCase() === 'ATK')
    return currency === undefined ? { what: 'transfer', id: `ATK${hex.toUpperCase()}` } : null;
  const message = `ATM${hex.toUpperCase()}`;
  return currency === undefined
    ? { what: 'message', id: message }
    : { what: 'payment', id: `${message}-${currency.toUpperCase()}` };
}

export interface Mention extends OwnId {
  /** It stands alone, and is not part of a longer word. */
  readonly isToken: boolean;
  /** There are blanks within it: broken over lines, or a text that only looks like an id. */
  readonly isWrapped: boolean;
}

/** Up to two blanks between the signs: a bank breaks a text after 27 or 35 of them, wherever that is. */
const mention = new RegExp(
  `stl(?:[-_]|\\s{0,2})(?<random>${sign}(?:\\s{0,2}${sign}){25})(?:(?:\\s{0,2}-\\s{0,2})?(?<submission>\\d{1,6})(?!\\d))?|(?<digest>AT[KM][0-9A-F]{28})(?:-(?<currency>[A-Z]{3})(?![A-Z]))?`,
  'gi',
);

/** Ids of ours anywhere in a text that people read, each once. */
export function ownIdsIn(text: string): readonly Mention[] {
  const found = new Map<string, Mention>();
  if (text.length < lengthMin) return [];
  const plain = folded(text);
  for (const match of plain.matchAll(mention)) {
    const { random, submission, digest: hex, currency } = match.groups ?? {};
    const whole = match[0];
    const one =
      random === undefined
        ? ownId(`${hex}${currency === undefined ? '' : `-${currency}`}`)
        : ownId(`stl${random.replaceAll(/\s/g, '')}${submission === undefined ? '' : `-${submission}`}`);
    if (one === null) continue;
    const isToken = !isWord(plain[match.index - 1]) && !isWord(plain[match.index + whole.length]);
    const isWrapped = /\s/.test(whole);
    if (!found.get(one.id)?.isToken) found.set(one.id, { ...one, isToken, isWrapped });
  }
  return [...found.values()];
}

function transferId(random: string, submission: string): OwnId {
  return { what: 'transfer', id: `stl${random.toLowerCase()}-${Number(submission)}` };
}

/** Full-width letters as plain ones, without what is not seen. */
function folded(text: string): string {
  return text.normalize('NFKC').replaceAll(/\p{Cf}/gu, '');
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}]/u.test(character);
}
