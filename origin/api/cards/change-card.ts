// PATCH /cards/{card_id} and PUT /cards/{card_id}/profile: the next version of a card's profile, in parts or whole. The edge gets
// it before the answer where it can be reached, and by the outbox where it cannot.

import * as z from 'zod';
import { idSchema } from '../../../contracts/ids.ts';
import { profileWarningSchema } from '../../../contracts/internal-answers.ts';
import { type StoredCard, writeProfiles } from '../../controls/write-profiles.ts';
import type { Database } from '../../db/client.ts';
import type { Outbox } from '../../edge/outbox.ts';
import { refusal } from '../../errors.ts';
import { costs } from '../http/cost.ts';
import { type Call, doerOf, type Route, type RouteAnswer, route } from '../http/route.ts';
import {
  nextProfile,
  type ProfileFields,
  profileFieldNames,
  replacedProfileFields,
  someProfileFields,
} from './card-profile.ts';
import { cardSchema, readCardView } from './card-view.ts';

/** The version that the caller read: refused where somebody else has replaced it meanwhile. */
const expected_version = z.optional(z.int().check(z.positive()));
/** A profile is read, written, recorded and pushed: 3 ms, where twenty controls are in it. */
const changeOfCard = { ...costs.changeOutside, cpuMs: 4 };
const byId = z.strictObject({ card_id: idSchema('card') });
/**
 * `warnings`: a limit was edited that counts purchases older than the card's memory of 35 days. Only where the edge could be
 * reached before the answer.
 */
const changedCardSchema = cardSchema.extend({ warnings: z.optional(z.array(profileWarningSchema)) });
const common = {
  tag: 'cards',
  scope: 'cards:write',
  forMerchants: false,
  params: byId,
  answers: { status: 200, schema: changedCardSchema, description: 'With its new profile.' },
  errors: ['card_not_found', 'profile_version_conflict'],
} as const;

export interface PushParts {
  readonly database: Database;
  readonly outbox: Pick<Outbox, 'push' | 'pushForWarnings'>;
}

/** The edge reads what is committed. */
export function pushed({ database, outbox }: PushParts, cardId: string): NonNullable<RouteAnswer['afterCommit']> {
  return async () => {
    const warnings = (await outbox.pushForWarnings(cardId)) ?? [];
    const card = await readCardView(database.sql, cardId);
    return warnings.length === 0 ? card : { ...card, warnings };
  };
}

type Change = ProfileFields & { readonly expected_version?: number | undefined };

type ChangeCall = Pick<Call, 'caller' | 'requestId' | 'sql'> & { readonly body: Change };

async function change(
  card_id: string,
  { sql, body: { expected_version, ...fields }, ...call }: ChangeCall,
): Promise<void> {
  // `for update`: two changes of one profile take turns, so that each has a version of its own.
  const { rows } = await sql.query<StoredCard>('select * from cards where card_id = $1 for update', [card_id]);
  const [card] = rows;
  if (card === undefined) throw refusal('card_not_found');
  if (expected_version !== undefined && expected_version !== card.profile_version)
    throw refusal('profile_version_conflict');
  const next = await nextProfile(sql, fields, card, card.profile_version + 1);
  const named = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  const changed = {
    ...next,
    ...{ from: card.profile.status, reason: `profile ${next.profile.version}: ${named.join(', ')}` },
  };
  await writeProfiles(sql, [changed], { pushAfterSeconds: 5, doer: doerOf(call) });
}

export function changeCardRoutes(parts: PushParts): readonly Route[] {
  const patch = route({
    ...common,
    method: 'patch',
    path: '/cards/{card_id}',
    name: 'changeCard',
    cost: changeOfCard,
    summary: "Change a part of a card's profile",
    body: z
      .strictObject({ ...someProfileFields, expected_version })
      .refine((body) => profileFieldNames.some((name) => name in body), {
        error: `has nothing to change: give one of ${profileFieldNames.join(', ')}`,
      }),
    async handle({ params: { card_id }, ...call }) {
      await change(card_id, call);
      return { afterCommit: pushed(parts, card_id) };
    },
  });
  const replace = route({
    ...common,
    method: 'put',
    path: '/cards/{card_id}/profile',
    name: 'replaceCardProfile',
    cost: changeOfCard,
    summary: "Replace a card's profile whole",
    body: z.strictObject({ ...replacedProfileFields, expected_version }),
    async handle({ params: { card_id }, ...call }) {
      await change(card_id, call);
      return { afterCommit: pushed(parts, card_id) };
    },
  });
  return [patch, replace];
}
