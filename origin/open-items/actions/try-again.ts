// try_again: a message that was not taken, a fact or a bank file that could not be read, or a settlement that used up its tries is
// handed in once more, when its reason is over. Its reader takes the same twice as once.

import * as z from 'zod';
import { networkSchema } from '../../../contracts/network.ts';
import { describeError } from '../../log.ts';
import { replayDead } from '../../payouts/dead-letters.ts';
import { type ActionParts, type CallOutcome, outsideAction, transactionAction } from '../action.ts';
import { bookFactsAgain } from '../facts-again.ts';

const evidenceSchema = z.object({ message: z.string(), place: z.unknown().nullish() });

export const tryAgain = outsideAction({
  name: 'try_again',
  summary: 'Hand the message, fact or file in once more, as it came.',
  kinds: [
    'dead_letter',
    'event_of_newer_release',
    'fact_out_of_contract',
    'fact_held_back',
    'facts_kept_together',
    'bank_file_set_aside',
  ],
  input: z.strictObject({}),
  async call({ database, edge, takers, readBankFileAgain }, { kind, source, evidence, item_key }) {
    if (kind === 'bank_file_set_aside') return await readFileAgain(readBankFileAgain, evidence);
    if (kind === 'fact_out_of_contract' || kind === 'fact_held_back') return await bookFactAgain(edge, evidence);
    if (kind === 'facts_kept_together') return await bookFactsAgain({ database, edge }, item_key);
    const { message, place = null } = evidenceSchema.safeParse(evidence).data ?? { message: '' };
    const body = parsed(message);
    const take = isTaken(source, takers) ? takers[source] : undefined;
    // Its card's later events are booked: what it says of the hold would now be said too late.
    if (place !== null && kind !== 'event_of_newer_release')
      return { outcome: 'refused', problem: 'cannot be done: the card has gone on without this event' };
    if (body === undefined || take === undefined)
      return { outcome: 'refused', problem: 'cannot be done: this is no message that anything reads' };
    const [taken] = await take([{ id: 'again', body }]);
    if (taken?.outcome === 'done') return { outcome: 'done', result: { taken: true } };
    if (taken?.outcome === 'dead_letter') return { outcome: 'refused', problem: 'was refused again, as before' };
    return { outcome: 'not_now', problem: 'could not be taken now' };
  },
});

function isTaken(source: string | null, takers: ActionParts['takers']): source is keyof ActionParts['takers'] {
  return source !== null && Object.hasOwn(takers, source);
}

/** The same name for another kind: all of it is in the database, and commits with the closing. */
export const settleAgain = transactionAction({
  name: 'try_again',
  summary: 'Let the settlement have all its tries again.',
  kinds: ['settlement_set_aside'],
  input: z.strictObject({}),
  async perform({ sql }, { settlement_id }, _input, doer) {
    if (settlement_id === null || !(await replayDead(sql, settlement_id, doer)))
      return { outcome: 'refused', problem: 'cannot be done: the settlement is not set aside any more' };
    return { outcome: 'done', result: { settlement_id } };
  },
});

const factSchema = z.object({ network: networkSchema, fact: z.string() });

/** By the edge, whose newer release may know what it could not read. */
async function bookFactAgain(edge: ActionParts['edge'], evidence: unknown): Promise<CallOutcome> {
  const read = factSchema.safeParse(evidence).data;
  if (read === undefined) return { outcome: 'refused', problem: 'cannot be done: its evidence has no fact to hand in' };
  try {
    const { taken } = await edge.sendFact(read.network, read.fact);
    if (taken) return { outcome: 'done', result: { taken } };
    return { outcome: 'refused', problem: 'cannot be done: the edge cannot read this fact now either' };
  } catch (error) {
    return { outcome: 'not_now', problem: `was not taken: ${describeError(error).message}` };
  }
}

const fileSchema = z.object({ kept: z.string() });

async function readFileAgain(read: ActionParts['readBankFileAgain'], evidence: unknown): Promise<CallOutcome> {
  // Nothing was done: another action is free meanwhile.
  if (read === null) return { outcome: 'refused', problem: 'cannot be done: no bank files are set up here' };
  const kept = fileSchema.safeParse(evidence).data?.kept;
  if (kept === undefined) return { outcome: 'refused', problem: 'cannot be done: its evidence names no file' };
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
