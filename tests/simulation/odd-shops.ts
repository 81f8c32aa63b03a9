// How a network writes a shop: now and then oddly, in the classes of docs/bad-input.md. What it writes goes through the adapters'
// own reader to the card. The model gets the shop that was meant, which is known from how the text was made, without any reading.
// Example: the network writes `"ＢＡＤＳＨＯＰ\u0000"`, the card gets what the reader makes of it, the model gets "BADSHOP".

import { merchantFrom } from '../../contracts/attributes.ts';
import type { Merchant } from '../../contracts/authorization-request.ts';
import type { Draw } from './draw.ts';
import type { Tally, Turn } from './tally.ts';

/** Of the shops that are named in a request or message. */
const oddShare = 0.04;
const nameLengthMax = 120;
export const cardNumber = '4242424242424242';

type Written = { readonly [K in keyof Merchant]?: unknown };

interface Writing {
  readonly written: Written;
  /** What the network meant, where that is not the shop as it is: null for what nobody can read. */
  readonly meant?: Partial<Merchant>;
}

/** Null: this shop cannot be written so. */
type Oddity = (shop: Merchant, draw: Draw) => Writing | null;

const wide = (text: string) =>
  text.replace(/[!-~]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) + 0xfee0)).replace(/ /g, '\u3000');

/** Name and id of a shop written in another way, which is to make no difference. */
const rewritten =
  (write: (text: string, draw: Draw) => string): Oddity =>
  ({ id, name }, draw) =>
    id === null && name === null
      ? null
      : {
          written: {
            ...(name === null ? {} : { name: write(name, draw) }),
            ...(id === null ? {} : { id: write(id, draw) }),
          },
        };

const withSign = (signs: readonly string[]) =>
  rewritten((text, draw) => {
    const at = draw.between(1, text.length - 1);
    return text.slice(0, at) + draw.pick(signs) + text.slice(at);
  });

const codes: Readonly<Record<string, readonly unknown[]>> = {
  US: ['USA', '840', 840, ' us '],
  DE: ['DEU', '276', 276, 'ｄｅ'],
  JP: ['JPN', '392', 392, 'jp'],
  BR: ['BRA', '076', 76, 'br\u0000'],
};

const oddities = {
  text_too_long: ({ name }) => {
    if (name === null) return null;
    const kept = `${name} ${'x'.repeat(nameLengthMax - 2 - name.length)}😀`;
    return { written: { name: `${kept} and more` }, meant: { name: kept } };
  },
  text_control_characters: withSign(['\u0007', '\u001b', '\u0085']),
  text_nul: withSign(['\u0000']),
  text_lone_surrogate: withSign(['\ud83d', '\ude00']),
  text_combining_marks: ({ name }) =>
    name === null ? null : { written: { name: `${name} café`.normalize('NFD') }, meant: { name: `${name} café` } },
  text_full_width: rewritten(wide),
  text_padded: rewritten((text, draw) => draw.pick(['  ', '\t', '\u00a0']) + text.padEnd(30)),
  text_other_case: rewritten((text, draw) => (draw.chance(0.5) ? text.toUpperCase() : text.toLowerCase())),
  text_unseen: withSign(['\u200b', '\u00ad', '\u200d', '\u202e', '\ufeff']),
  text_card_number: ({ name }) => {
    const numbered = `${name} ${cardNumber}`;
    return name === null ? null : { written: { name: numbered }, meant: { name: numbered } };
  },
  name_unreadable: (_, draw) => ({
    written: { name: draw.pick<unknown>(['', ' \u0000 ', {}, []]) },
    meant: { name: null },
  }),
  merchant_id_unreadable: (_, draw) => ({
    written: { id: draw.pick<unknown>(['', 'CAFÉ1', '\ud800', 'm'.repeat(5_000), {}]) },
    meant: { id: null },
  }),
  category_unreadable: (_, draw) => ({
    written: { category: draw.pick<unknown>(['', 'food', '54 11', 54_111, -0.5, {}, ['5411']]) },
    meant: { category: null },
  }),
  category_otherwise: ({ category }, draw) =>
    category === null
      ? null
      : { written: { category: draw.pick<unknown>([Number(category), wide(category), ` ${category}\u0000`]) } },
  country_unknown: (_, draw) => ({
    written: { country: draw.pick<unknown>(['', 'ZZZ', 'QQ', 999, '12E4', {}]) },
    meant: { country: null },
  }),
  country_otherwise: ({ country }, draw) => {
    const others = country === null ? undefined : codes[country];
    return others === undefined ? null : { written: { country: draw.pick(others) } };
  },
} as const satisfies { readonly [K in Turn]?: Oddity };

const kinds = Object.keys(oddities) as (keyof typeof oddities)[];

/** What was meant by each shop that was written oddly. */
const meant = new WeakMap<Merchant, Merchant>();

export class ShopWriter {
  readonly #draw: Draw;
  readonly #tally: Tally;

  constructor(draw: Draw, tally: Tally) {
    this.#draw = draw;
    this.#tally = tally;
  }

  /** A shop as the card gets it: mostly as it is. */
  write<M extends Merchant | null>(shop: M): M | Merchant {
    if (shop === null || !this.#draw.chance(oddShare)) return shop;
    const kind = this.#draw.pick(kinds);
    const writing = (oddities[kind] as Oddity)(meant.get(shop) ?? shop, this.#draw);
    if (writing === null) return shop;
    this.#tally.count(kind);
    const read = merchantFrom({ ...shop, ...writing.written }, new Set());
    meant.set(read, { ...shop, ...writing.meant });
    return read;
  }
}

/** The same request or message with the shop that was meant. */
export function asMeant<T extends object>(told: T): T {
  const shop = 'merchant' in told ? (told.merchant as Merchant | null) : null;
  const other = shop === null ? undefined : meant.get(shop);
  return other === undefined ? told : { ...told, merchant: other };
}
