// What a fact that is kept for a person says of money, in our words, as far as it can be read: for counting and adding up facts that nobody
// looks at one by one. Nothing is booked by it.

import * as z from 'zod';
import { isFields } from '../../contracts/decorations.ts';
import type { KeptFact } from '../../contracts/kept-fact.ts';
import { currencyFromCode, isCurrency, minorFromDecimalText } from '../../contracts/money.ts';

export interface SaidOfMoney {
  readonly kind: 'clearing' | 'refund' | 'reversal' | 'expiry' | 'advice' | 'other';
  /** The network's own id of the message. */
  readonly key: string | null;
  readonly amount: { readonly minor: number; readonly currency: string } | null;
}

const nativeSchema = z.looseObject({
  kind: z.enum(['clearing', 'refund', 'reversal', 'expiry', 'advice']),
  message_key: z.unknown().optional(),
  currency: z.string().refine(isCurrency),
  amount_minor: z.int().nonnegative().nullish(),
  hold_minor: z.int().nonnegative().nullish(),
});

export function saidOfMoney({ network, fact }: KeptFact): SaidOfMoney {
  const said = parsed(fact);
  if (!isFields(said)) return nothingRead;
  return network === 'native' ? saidByNative(said['message']) : saidByMarqeta(said);
}

const nothingRead: SaidOfMoney = { kind: 'other', key: null, amount: null };

function saidByNative(message: unknown): SaidOfMoney {
  const read = nativeSchema.safeParse(message).data;
  if (read === undefined) return nothingRead;
  const { kind, message_key, currency, amount_minor, hold_minor } = read;
  const minor = (kind === 'advice' ? hold_minor : amount_minor) ?? null;
  return { kind, key: keyIn(message_key), amount: minor === null ? null : { minor, currency } };
}

function saidByMarqeta({ type, token, amount, currency_code }: Readonly<Record<string, unknown>>): SaidOfMoney {
  const currency = typeof currency_code === 'string' ? currencyFromCode(currency_code) : null;
  const isRead = typeof amount === 'number' || typeof amount === 'string';
  const minor = currency !== null && isRead ? minorFromDecimalText(String(amount), currency) : null;
  return {
    kind: typeof type === 'string' ? kindOfMarqeta(type.trim().toLowerCase()) : 'other',
    key: keyIn(token),
    amount: typeof minor === 'number' && currency !== null ? { minor, currency } : null,
  };
}

/** As worker/networks/marqeta/webhook.ts gives each type its meaning. */
function kindOfMarqeta(type: string): SaidOfMoney['kind'] {
  if (type.endsWith('.issuerexpiration')) return 'expiry';
  if (type === 'pindebit.reversal' || /^(?:pindebit\.)?refund/.test(type)) return 'refund';
  if (type.endsWith('authorization.reversal')) return 'reversal';
  if (/^(?:pindebit\.)?authorization\.clearing/.test(type)) return 'clearing';
  if (/^(?:pindebit\.)?authorization(?:\.|$)/.test(type)) return 'advice';
  return type.startsWith('pindebit') ? 'clearing' : 'other';
}

function keyIn(value: unknown): string | null {
  return typeof value === 'string' && value.length <= 255 ? value : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
