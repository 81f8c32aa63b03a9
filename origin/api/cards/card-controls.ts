// GET /cards/{card_id}/controls: each control of a card as it was written, and what is left of it. What is left is asked of the
// edge, which decides by it: this answers 503 while the edge is away, rather than guess.

import type { Logger } from 'pino';
import * as z from 'zod';
import { idSchema } from '../../../contracts/ids.ts';
import { controlsReadbackSchema } from '../../../contracts/readback.ts';
import { definitionsOf } from '../../controls/definitions.ts';
import type { EdgeClient } from '../../edge/edge-client.ts';
import { refusal } from '../../errors.ts';
import { writtenControl } from '../controls/written-controls.ts';
import { costs } from '../http/cost.ts';
import { type Route, route } from '../http/route.ts';
import { setOfCardSchema } from './card-view.ts';

const readback = controlsReadbackSchema.shape.controls.def.element.shape;

const answerSchema = z.strictObject({
  card_id: idSchema('card'),
  /** The card's clock, when this was read. */
  at_ms: z.int(),
  /** The profile that the edge decides by, and the newest one: until they are the same, the newest is on its way. */
  profile_version: z.int().nullable(),
  newest_version: z.int(),
  controls: z.array(
    z.strictObject({
      control_id: readback.control_id,
      mode: readback.mode,
      does: readback.does,
      /** The set that the card has it from; null: the card's own. */
      control_set: setOfCardSchema.nullable(),
      definition: z.nullable(writtenControl),
      limit: readback.limit,
    }),
  ),
});

export interface CardControlsParts {
  readonly edge: Pick<EdgeClient, 'readControls'>;
  readonly log: Logger;
}

export function cardControlRoutes({ edge, log }: CardControlsParts): readonly Route[] {
  const read = route({
    method: 'get',
    path: '/cards/{card_id}/controls',
    name: 'readCardControls',
    cost: costs.askOutside,
    summary: 'What each control of a card says, and what is left of it',
    tag: 'cards',
    scope: 'controls:read',
    forMerchants: false,
    params: z.strictObject({ card_id: idSchema('card') }),
    answers: { status: 200, schema: answerSchema, description: 'As the edge has it at this moment.' },
    errors: ['card_not_found', 'edge_unavailable'],
    async handle({ params: { card_id }, sql }) {
      const { rows } = await sql.query<{ network: string; card_token: string; profile_version: number }>(
        'select network, card_token, profile_version from cards where card_id = $1',
        [card_id],
      );
      const [card] = rows;
      if (card === undefined) throw refusal('card_not_found');
      const { at_ms, profile_version, controls } = await edge.readControls(card).catch((error: unknown) => {
        log.warn({ err: error, card_id }, 'what is left of a card’s controls could not be read');
        throw refusal('edge_unavailable');
      });
      const definitions = await definitionsOf(sql, card_id, profile_version ?? 0);
      return {
        body: {
          ...{ card_id, at_ms, profile_version, newest_version: card.profile_version },
          controls: controls.map(({ control_id, mode, does, limit }) => ({
            ...{ control_id, mode, does },
            control_set: definitions.get(control_id)?.from ?? null,
            definition: definitions.get(control_id)?.definition ?? null,
            limit,
          })),
        },
      };
    },
  });
  return [read];
}
