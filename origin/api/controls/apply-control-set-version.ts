// POST /control-sets/{control_set_id}/versions/{version}/apply: the set's cards move to this version, back to an older one too; all of them,
// some percent, or a few at once. Cards that cannot have it stay where they are, and are named.

import * as z from 'zod';
import { idSchema } from '../../../contracts/ids.ts';
import { applyToSome, cardsElsewhere, type RefusingCard } from '../../controls/apply-set-version.ts';
import { loadSetVersion, type SetVersion } from '../../controls/control-sets.ts';
import { distributePage } from '../../controls/distribute.ts';
import { beginDistribution } from '../../controls/distributions.ts';
import { refusal } from '../../errors.ts';
import type { PushParts } from '../cards/change-card.ts';
import { doerOf, type Route, route } from '../http/route.ts';
import { controlSetById } from './control-sets.ts';
import { distributionSchema, refusingCardSchema, viewOf } from './distribution-view.ts';

/** Pushed before the answer; the outbox's loop takes up the others within a second. */
const pushedAtOnceMax = 20;
const shownMax = 100;

const answerSchema = z.strictObject({
  control_set_id: idSchema('cset'),
  version: z.int(),
  /** By this call; the others follow, as `distribution` says. */
  cards_moved: z.int(),
  cards_refused: z.int(),
  /** Cards of the set that have another version still. */
  cards_left: z.int(),
  /** The first hundred of those that this call has moved. */
  moved: z.array(idSchema('card')),
  /** The first hundred. */
  refused: z.array(refusingCardSchema),
  /** Null with `cards_max`, by which nothing goes on after the answer. */
  distribution: distributionSchema.nullable(),
});

export function applyControlSetRoutes({ database, outbox }: PushParts): readonly Route[] {
  const apply = route({
    method: 'post',
    path: '/control-sets/{control_set_id}/versions/{version}/apply',
    name: 'applyControlSetVersion',
    cost: { outside: 20, rows: 100_000, cpuMs: 'grows' },
    summary: 'Move all cards of a control set to one of its versions',
    description:
      'Begins a distribution and moves its first cards; the others follow by themselves. `percent` moves so many of the cards, chosen by a hash: look at them, then go on by the same call with more or without it. `cards_max` moves a few at once and no more. Once more moves nobody twice, so it needs no Idempotency-Key.',
    tag: 'control sets',
    scope: 'controls:write',
    forMerchants: false,
    // Page by page, however many cards there are.
    commitsItself: true,
    params: z.strictObject({
      ...controlSetById.shape,
      version: z.coerce.number().int().min(1).max(2_147_483_647),
    }),
    query: z.strictObject({
      cards_max: z.coerce.number().int().min(1).max(1_000).optional(),
      percent: z.coerce.number().int().min(1).max(100).optional(),
    }),
    answers: { status: 200, schema: answerSchema, description: 'How many cards moved, and which could not.' },
    errors: ['control_set_not_found'],
    async handle({ params, query: { cards_max, percent }, sql, ...call }) {
      if (cards_max !== undefined && percent !== undefined)
        throw refusal('field_invalid', [{ field: 'percent', problem: 'does not go together with cards_max' }]);
      const version = await loadSetVersion(sql, params, 'control_set_not_found');
      const doer = doerOf(call);
      const { moved, refused, distribution } =
        cards_max === undefined
          ? await begin(version, { percent: percent ?? 100, doer })
          : { ...(await applyToSome(database, version, { doer, cardsMax: cards_max })), distribution: null };
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
          distribution: distribution === null ? null : await viewOf(sql, distribution),
        },
      };
    },
  });
  return [apply];

  /** Its first pages too, so that a set of few cards has moved when this is answered. */
  async function begin(version: SetVersion, wanted: Parameters<typeof beginDistribution>[2]) {
    let distribution = await database.transaction((sql) => beginDistribution(sql, version, wanted));
    const moved: string[] = [];
    const refused: RefusingCard[] = [];
    for (let pages = 0; pages < 2 && distribution.state === 'running'; pages += 1) {
      const page = await distributePage(database, version.control_set_id);
      if (page === null) break;
      distribution = page.distribution;
      moved.push(...page.moved);
      refused.push(...page.refused);
    }
    return { moved, refused, distribution };
  }
}
