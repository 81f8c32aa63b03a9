// POST /control-sets/{control_set_id}/versions/{version}/apply: all cards that reference the set move to this version, back to an
// older one too. Cards that cannot have it stay where they are, and are named.

import * as z from 'zod';
import { idSchema } from '../../../contracts/ids.ts';
import { applySetVersion, cardsElsewhere } from '../../controls/apply-set-version.ts';
import { loadSetVersion } from '../../controls/control-sets.ts';
import type { PushParts } from '../cards/change-card.ts';
import { doerOf, type Route, route } from '../http/route.ts';
import { controlSetById } from './control-sets.ts';

/** Pushed before the answer; the outbox's loop takes up the others within a second. */
const pushedAtOnceMax = 20;
const shownMax = 100;

const answerSchema = z.strictObject({
  control_set_id: idSchema('cset'),
  version: z.int(),
  cards_moved: z.int(),
  cards_refused: z.int(),
  /** Cards of the set that have another version still: those beyond `cards_max`, and those that refused it. */
  cards_left: z.int(),
  /** The first hundred. */
  moved: z.array(idSchema('card')),
  /** The first hundred. */
  refused: z.array(
    z.strictObject({
      card_id: idSchema('card'),
      details: z.array(z.strictObject({ field: z.string(), problem: z.string() })),
    }),
  ),
});

export function applyControlSetRoutes({ database, outbox }: PushParts): readonly Route[] {
  const apply = route({
    method: 'post',
    path: '/control-sets/{control_set_id}/versions/{version}/apply',
    name: 'applyControlSetVersion',
    cost: { outside: 20, rows: 100_000, cpuMs: 'grows' },
    summary: 'Move all cards of a control set to one of its versions',
    description:
      'Once more moves nobody, so it needs no Idempotency-Key. `cards_max` moves so many at most, those with the lowest ids: look at them, then move the rest by the same call without it.',
    tag: 'control sets',
    scope: 'controls:write',
    forMerchants: false,
    // Page by page, however many cards there are.
    commitsItself: true,
    params: z.strictObject({
      ...controlSetById.shape,
      version: z.coerce.number().int().min(1).max(2_147_483_647),
    }),
    query: z.strictObject({ cards_max: z.coerce.number().int().min(1).max(1_000_000).optional() }),
    answers: { status: 200, schema: answerSchema, description: 'How many cards moved, and which could not.' },
    errors: ['control_set_not_found'],
    async handle({ params, query: { cards_max }, sql, ...call }) {
      const version = await loadSetVersion(sql, params, 'control_set_not_found');
      const { moved, refused } = await applySetVersion(database, version, {
        doer: doerOf(call),
        cardsMax: cards_max,
      });
      await Promise.all(moved.slice(0, pushedAtOnceMax).map((cardId) => outbox.push(cardId)));
      return {
        body: {
          control_set_id: version.control_set_id,
          version: version.version,
          cards_moved: moved.length,
          cards_refused: refused.length,
          cards_left: await cardsElsewhere(sql, version),
          moved: moved.slice(0, shownMax),
          refused: refused.slice(0, shownMax),
        },
      };
    },
  });
  return [apply];
}
