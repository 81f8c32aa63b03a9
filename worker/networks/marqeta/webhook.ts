// Marqeta's transaction webhooks in our words. What moves no money (a declined or repeated notice) is acknowledged and left.

import type { CardMessage } from '../../../contracts/card-message.ts';
import { merchantOf, minorOf, type Transaction } from './wire.ts';

/** What one notification asks of a card; `ignored` names a type that moves no money here. */
export type Notice =
  | { does: 'receive'; message: CardMessage }
  /** Marqeta's own word that our answer came too late. */
  | { does: 'void'; requestKey: string }
  | { does: 'nothing'; type: string };

/** `at`: where the transaction stands in the body, for the field names of a refusal. */
export function noticeOf(transaction: Transaction, at: string): Notice {
  const { type, state, token: message_key, currency_code: currency } = transaction;
  if (state === 'DECLINED' || state === 'ERROR') return timedOut(transaction) ?? { does: 'nothing', type };
  const amount_minor = minorOf(transaction.amount, currency, `${at}.amount`);
  const linked = transaction.preceding_related_transaction_token ?? null;
  const merchant = merchantOf(transaction.card_acceptor);
  switch (type) {
    case 'authorization':
      return timedOut(transaction) ?? { does: 'nothing', type };
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
      if (linked === null) return { does: 'nothing', type };
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
      return { does: 'nothing', type };
  }
}

function timedOut({ gpa_order }: Transaction): Notice | null {
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
