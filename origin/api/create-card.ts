// POST /cards: a card under its network's token, with the first version of its profile. The profile and its place in the
// outbox are written together, then pushed at once; where the edge is away, the answer says so and the outbox goes on.

import { eq } from 'drizzle-orm';
import type { Context } from 'hono';
import * as z from 'zod';
import { idSchema, newId } from '../../contracts/ids.ts';
import { networkKeySchema, networkSchema } from '../../contracts/network.ts';
import { type Database, sqlState } from '../db/client.ts';
import { accounts, cards, edge_outbox } from '../db/schema.ts';
import { firstAttemptAt, type Outbox } from '../edge/outbox.ts';
import { answer } from './answer.ts';
import { newProfileFields, profileOf } from './card-profile.ts';
import { readCardView } from './card-view.ts';
import { refusal } from './errors.ts';
import { readBody } from './read-request.ts';

const bodySchema = z.strictObject({
  account_id: idSchema('acct'),
  network: networkSchema,
  card_token: networkKeySchema,
  ...newProfileFields,
});

export function createCard({ database: { orm }, outbox }: { database: Database; outbox: Outbox }) {
  return async (context: Context): Promise<Response> => {
    const { account_id, network, card_token, ...fields } = await readBody(context, bodySchema);
    const [account] = await orm.select().from(accounts).where(eq(accounts.account_id, account_id));
    if (account === undefined) throw refusal('account_not_found');
    const card_id = newId('card');
    const version = 1;
    const profile = profileOf(fields, { card_id, account_id, version, currency: account.currency });
    try {
      await orm.transaction(async (tx) => {
        await tx.insert(cards).values({ card_id, account_id, network, card_token, profile, profile_version: version });
        await tx.insert(edge_outbox).values({ card_id, version, next_attempt_at: firstAttemptAt });
      });
    } catch (error) {
      if (sqlState(error) === uniqueViolation) throw refusal('card_already_exists');
      throw error;
    }
    await outbox.push(card_id);
    return answer(context, await readCardView(orm, card_id), 201);
  };
}

const uniqueViolation = '23505';
