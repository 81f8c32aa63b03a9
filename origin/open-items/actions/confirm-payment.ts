// confirm_payment: a person knows from the bank or the provider how a payment ended that is still under way here, because what was
// said of it could not be believed. It becomes a word of the provider like any other, and the engine takes it from there.

import * as z from 'zod';
import { lockSettlements } from '../../payouts/settlement-row.ts';
import type { ProviderWord } from '../../providers/provider.ts';
import { type ActionOutcome, transactionAction } from '../action.ts';

export const confirmPayment = transactionAction({
  name: 'confirm_payment',
  summary: 'Say how a payment that is still under way ended, `paid` or `rejected`, as if its provider had said so.',
  kinds: ['bank_entry_unmatched', 'provider_contradiction'],
  input: z.strictObject({ outcome: z.enum(['paid', 'rejected']) }),
  async perform({ sql }, { open_item_id, settlement_id, provider }, { outcome }) {
    if (settlement_id === null || provider === null) return refused('the item names no payment of a provider');
    const row = (await lockSettlements(sql, [settlement_id])).get(settlement_id as `stl_${string}`);
    if (row === undefined) return refused('its settlement is not here');
    if (row.state !== 'processing' || row.provider !== provider || row.submissions === 0)
      return refused(`its settlement is ${row.state}${row.provider === provider ? '' : `, and not with ${provider}`}`);
    const word: ProviderWord = {
      // One item says it once, whoever asks how often.
      webhook_id: `person:${open_item_id}`,
      settlement_id,
      submission: row.submissions,
      outcome,
      provider_reference: row.provider_reference ?? open_item_id,
      code: outcome === 'paid' ? null : 'provider_rejected',
      note: `said by a person: ${open_item_id}`,
    };
    await sql.query(
      `insert into provider_webhooks (provider, webhook_id, body, word) values ($1, $2, $3, $4)
       on conflict (provider, webhook_id) do nothing`,
      [provider, word.webhook_id, open_item_id, JSON.stringify(word)],
    );
    return { outcome: 'done', result: { settlement_id, said: outcome, submission: row.submissions } };
  },
});

function refused(why: string): ActionOutcome {
  return { outcome: 'refused', problem: `cannot be done: ${why}` };
}
