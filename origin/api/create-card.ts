// POST /cards: a card under its network's token, with the first version of its profile. The profile and its place in the
// outbox are written together, then pushed at once; where the edge is away, the answer says so and the outbox goes on.

import { eq } from 'drizzle-orm';
import type { Context } from 'hono';
import * as z from 'zod';
import { idSchema, newId } from '../../contracts/ids.ts';
import { networkKeySchema, networkSchema } from '../../contracts/network.ts';
import { writeProfiles } from '../controls/write-profiles.ts';
import { type Database, sqlState } from '../db/client.ts';
import { accounts } from '../db/schema.ts';
import type { Outbox } from '../edge/outbox.ts';
import { answer } from './answer.ts';
import { nextProfile, someProfileFields } from './card-profile.ts';
import { readCardView } from './card-view.ts';
import { refusal } from './errors.ts';
import { readBody } from './read-request.ts';

const bodySchema = z.strictObject({
  account_id: idSchema('acct'),
  network: networkSchema,
  card_token: networkKeySchema,
  ...someProfileFields,
});

export function createCard({ database, outbox }: { database: Database; outbox: Outbox }) {
  return async (context: Context): Promise<Response> => {
    const { account_id, network, card_token, ...fields } = await readBody(context, bodySchema);
    const [account] = await database.orm.select().from(accounts).where(eq(accounts.account_id, account_id));
    if (account === undefined) throw refusal('account_not_found');
    const card_id = newId('card');
    const before = { ...blank, profile: { ...blank.profile, card_id, account_id, currency: account.currency } };
    try {
      await database.transaction(async (sql) => {
        const next = await nextProfile(sql, fields, before, 1);
        await sql.query(
          `insert into cards (card_id, account_id, network, card_token, profile, profile_version) values ($1, $2, $3, $4, $5, 1)`,
          [card_id, account_id, network, card_token, next.profile],
        );
        await writeProfiles(sql, [next], { pushAfterSeconds: 5 });
      });
    } catch (error) {
      if (sqlState(error) === uniqueViolation) throw refusal('card_already_exists');
      throw error;
    }
    await outbox.push(card_id);
    return answer(context, await readCardView(database.orm, card_id), 201);
  };
}

/** A card of which nothing is said: no expiry, funds not checked here, no controls. */
const blank = {
  controls: [],
  control_set_id: null,
  control_set_version: null,
  profile: {
    version: 0,
    status: 'active' as const,
    expires_at_ms: null,
    funds_minor: null,
    single_use: false,
    partial_approval: false,
    hold_days: null,
    controls: [],
  },
};

const uniqueViolation = '23505';
