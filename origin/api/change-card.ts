// PATCH /cards/:card_id and PUT /cards/:card_id/profile: the next version of a card's profile, in parts or whole. The edge
// gets it before the answer where it can be reached, and by the outbox where it cannot.

import type { Context } from 'hono';
import * as z from 'zod';
import { type StoredCard, writeProfiles } from '../controls/write-profiles.ts';
import type { Database } from '../db/client.ts';
import type { Outbox } from '../edge/outbox.ts';
import { answer } from './answer.ts';
import {
  nextProfile,
  type ProfileFields,
  profileFieldNames,
  replacedProfileFields,
  someProfileFields,
} from './card-profile.ts';
import { readCardView } from './card-view.ts';
import { refusal } from './errors.ts';
import { pathId, readBody } from './read-request.ts';

/** The version that the caller read: refused where somebody else has replaced it meanwhile. */
const expected_version = z.optional(z.int().check(z.positive()));
const replacedSchema = z.strictObject({ ...replacedProfileFields, expected_version });
const patchSchema = z
  .strictObject({ ...someProfileFields, expected_version })
  .refine((body) => profileFieldNames.some((name) => name in body), {
    error: `has nothing to change: give one of ${profileFieldNames.join(', ')}`,
  });

interface Parts {
  readonly database: Database;
  readonly outbox: Outbox;
}
type Change = ProfileFields & { readonly expected_version?: number | undefined };

export function replaceCardProfile(parts: Parts) {
  return async (context: Context): Promise<Response> => change(context, parts, await readBody(context, replacedSchema));
}

export function patchCard(parts: Parts) {
  return async (context: Context): Promise<Response> => change(context, parts, await readBody(context, patchSchema));
}

async function change(context: Context, { database, outbox }: Parts, { expected_version, ...fields }: Change) {
  const card_id = pathId(context, 'card', 'card_id', 'card_not_found');
  await database.transaction(async (sql) => {
    // `for update`: two changes of one profile take turns, so that each has a version of its own.
    const { rows } = await sql.query<StoredCard>('select * from cards where card_id = $1 for update', [card_id]);
    const [card] = rows;
    if (card === undefined) throw refusal('card_not_found');
    if (expected_version !== undefined && expected_version !== card.profile_version)
      throw refusal('profile_version_conflict');
    const next = await nextProfile(sql, fields, card, card.profile_version + 1);
    await writeProfiles(sql, [next], { pushAfterSeconds: 5 });
  });
  await outbox.push(card_id);
  return answer(context, await readCardView(database.orm, card_id));
}
