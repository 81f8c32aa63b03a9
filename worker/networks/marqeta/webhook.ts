// Marqeta's transaction webhooks in our words. What moves no money (a declined or repeated notice) is acknowledged and left.

import type { CardMessage } from '../../../contracts/card-message.ts';
import { inShape } from '../../body.ts';
import { anyTransactionSchema, merchantOf, minorOf, type Transaction, transactionSchema } from './wire.ts';

/** What one notification asks of a card; `nothing` names a type that moves no money here. */
export type Notice =
  | { does: 'receive'; cardToken: string; message: CardMessage }
  /** Marqeta's own word that our answer came too late. */
  | { does: 'void'; cardToken: string; requestKey: string }
  | { does: 'nothing'; type: string };

/** What is read; of what is not, nothing but its type is asked: it may name no card, or no amount. */
const typesRead = new Set([
  'authorization',
  'authorization.clearing',
  'authorization.reversal',
  'authorization.reversal.issuerexpiration',
  'refund',
  'refund.authorization.clearing',
]);

/** `at`: where the transaction stands in the body, for the field names of a refusal. */
export function noticeOf(element: unknown, at: string): Notice {
  const { type } = inShape(anyTransactionSchema, element, at);
  if (!typesRead.has(type)) return { does: 'nothing', type };
  const transaction = inShape(transactionSchema, element, at);
  const asked = askedOfCard(transaction, at);
  return asked === null ? { does: 'nothing', type } : { ...asked, cardToken: transaction.card_token };
}

type Asked = { does: 'receive'; message: CardMessage } | { does: 'void'; requestKey: string };

function askedOfCard(transaction: Transaction, at: string): Asked | null {
  const { type, state, token: message_key, currency_code: currency } = transaction;
  if (state === 'DECLINED' || state === 'ERROR') return timedOut(transaction);
  const amount_minor = minorOf(transaction.amount, currency, `${at}.amount`);
  const linked = transaction.preceding_related_transaction_token ?? null;
  const merchant = merchantOf(transaction.card_acceptor);
  switch (type) {
    case 'authorization':
      return timedOut(transaction);
    case 'authorization.clearing':
      return {
        does: 'receive',
        message: {
          kind: 'clearing',
          message_key,
          currency,
          authorization_key: linked,
          amount_minor,
          final: isFinal(transaction),
          merchant,
        },
      };
    case 'authorization.reversal':
    case 'authorization.reversal.issuerexpiration':
      if (linked === null) return null;
      return {
        does: 'receive',
        message: { kind: 'reversal', message_key, currency, authorization_key: linked, amount_minor },
      };
    case 'refund':
    case 'refund.authorization.clearing':
      return {
        does: 'receive',
        message: { kind: 'refund', message_key, currency, authorization_key: linked, amount_minor, merchant },
      };
    default:
      return null;
  }
}

function timedOut({ gpa_order }: Transaction): Asked | null {
  const requestKey = gpa_order?.jit_funding?.token;
  return gpa_order?.funding?.gateway_log?.timed_out === true && requestKey !== undefined
    ? { does: 'void', requestKey }
    : null;
}

/** Marqeta says so, or numbers the clearings; where it does neither, the rest of the hold stays until it expires. */
function isFinal({ is_final_clearing, multi_clearing_sequence_number, multi_clearing_sequence_count }: Transaction) {
  if (is_final_clearing != null) return is_final_clearing;
  return multi_clearing_sequence_number != null && multi_clearing_sequence_number === multi_clearing_sequence_count;
}
