// try_again: a message that was not taken, a fact or a bank file that could not be read, or a settlement that used up its tries is
// handed in once more, when its reason is over. Its reader takes the same twice as once.

import * as z from 'zod';
import { networkSchema } from '../../../contracts/network.ts';
import type { Doer } from '../../audit/audit-event.ts';
import type { Sql } from '../../db/client.ts';
import { describeError } from '../../log.ts';
import { replayDead } from '../../settlement/dead-letters.ts';
import { type ActionOutcome, type ActionParts, openItemAction } from '../action.ts';

const evidenceSchema = z.object({ message: z.string(), place: z.unknown().nullish() });

export const tryAgain = openItemAction({
  name: 'try_again',
  summary: 'Hand the message, fact or file in once more, as it came; let a settlement have all its tries again.',
  kinds: ['dead_letter', 'fact_out_of_contract', 'bank_file_set_aside', 'settlement_set_aside'],
  input: z.strictObject({}),
  effect: 'outside',
  async perform({ sql, edge, takers, readBankFileAgain }, { kind, source, evidence, settlement_id }, _input, doer) {
    if (kind === 'settlement_set_aside') return await settleAgain(sql, settlement_id, doer);
    if (kind === 'bank_file_set_aside') return await readFileAgain(readBankFileAgain, evidence);
    if (kind === 'fact_out_of_contract') return await bookFactAgain(edge, evidence);
    const { message, place = null } = evidenceSchema.parse(evidence);
    const body = parsed(message);
    const take = source === 'card_events' || source === 'settlement_requests' ? takers[source] : undefined;
    // Its card's later events are booked: what it says of the hold would now be said too late.
    if (place !== null)
      return { outcome: 'refused', problem: 'cannot be done: the card has gone on without this event' };
    if (body === undefined || take === undefined)
      return { outcome: 'refused', problem: 'cannot be done: this is no message that anything reads' };
    const [taken] = await take([{ id: 'again', body }]);
    if (taken?.outcome === 'done') return { outcome: 'done', result: { taken: true } };
    if (taken?.outcome === 'dead_letter') return { outcome: 'refused', problem: 'was refused again, as before' };
    return { outcome: 'not_now', problem: 'could not be taken now' };
  },
});

async function settleAgain(sql: Sql, settlementId: string | null, doer: Doer): Promise<ActionOutcome> {
  if (settlementId === null || !(await replayDead(sql, settlementId, doer)))
    return { outcome: 'refused', problem: 'cannot be done: the settlement is not set aside any more' };
  return { outcome: 'done', result: { settlement_id: settlementId } };
}

const factSchema = z.object({ network: networkSchema, fact: z.string() });

/** By the edge, whose newer release may know what it could not read. */
async function bookFactAgain(edge: ActionParts['edge'], evidence: unknown): Promise<ActionOutcome> {
  const { network, fact } = factSchema.parse(evidence);
  try {
    const { taken } = await edge.sendFact(network, fact);
    if (taken) return { outcome: 'done', result: { taken } };
    return { outcome: 'refused', problem: 'cannot be done: the edge cannot read this fact now either' };
  } catch (error) {
    return { outcome: 'not_now', problem: `was not taken: ${describeError(error).message}` };
  }
}

const fileSchema = z.object({ kept: z.string() });

async function readFileAgain(read: ActionParts['readBankFileAgain'], evidence: unknown): Promise<ActionOutcome> {
  if (read === null) return { outcome: 'not_now', problem: 'cannot be done: no bank files are set up here' };
  const { kept } = fileSchema.parse(evidence);
  const found = await read(kept.replace(/^set_aside\//, ''));
  if (found.outcome === 'gone')
    return { outcome: 'refused', problem: 'cannot be done: the file is no more where it was kept' };
  if (found.outcome === 'set_aside')
    return { outcome: 'refused', problem: `cannot be done: the file still ${found.reason}` };
  return { outcome: 'done', result: { payments_told: found.words, open_items_raised: found.items } };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
