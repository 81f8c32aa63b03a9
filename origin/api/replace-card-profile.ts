// PUT /cards/:card_id/profile: the next version, whole.

import { eq, sql } from 'drizzle-orm';
import type { Context } from 'hono';
import * as z from 'zod';
import type { Database } from '../db/client.ts';
import { cards, edge_outbox } from '../db/schema.ts';
import { firstAttemptAt, type Outbox } from '../edge/outbox.ts';
import { answer } from './answer.ts';
import { profileOf, replacedProfileFields } from './card-profile.ts';
import { readCardView } from './card-view.ts';
import { refusal } from './errors.ts';
import { pathId, readBody } from './read-request.ts';

const bodySchema = z.strictObject({
  ...replacedProfileFields,
  /** The version that the caller read: refused where somebody else has replaced it meanwhile. */
  expected_version: z.optional(z.int().check(z.positive())),
});

export function replaceCardProfile({ database: { orm }, outbox }: { database: Database; outbox: Outbox }) {
  return async (context: Context): Promise<Response> => {
    const { expected_version, ...fields } = await readBody(context, bodySchema);
    const card_id = pathId(context, 'card', 'card_id', 'card_not_found');
    await orm.transaction(async (tx) => {
      // `for update`: two replacements of one profile take turns, so that each has a version of its own.
      const [card] = await tx.select().from(cards).where(eq(cards.card_id, card_id)).for('update');
      if (card === undefined) throw refusal('card_not_found');
      if (expected_version !== undefined && expected_version !== card.profile_version)
        throw refusal('profile_version_conflict');
      const version = card.profile_version + 1;
      const profile = profileOf(fields, { ...card.profile, version });
      await tx.update(cards).set({ profile, profile_version: version }).where(eq(cards.card_id, card_id));
      // `on conflict do update`: the version before it may still wait here, and need not be pushed any more.
      await tx
        .insert(edge_outbox)
        .values({ card_id, version, next_attempt_at: firstAttemptAt })
        .onConflictDoUpdate({
          target: edge_outbox.card_id,
          set: { version, attempts: 0, next_attempt_at: firstAttemptAt, last_error: null, created_at: sql`now()` },
        });
    });
    await outbox.push(card_id);
    return answer(context, await readCardView(orm, card_id));
  };
}
