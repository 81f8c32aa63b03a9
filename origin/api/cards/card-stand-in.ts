// GET /cards/{card_id}/stand-in: what the edge may approve while the card cannot be reached, and what is left of it today. Asked of the
// edge, whose settings these are: 503 while it is away, rather than a guess.

import type { Logger } from 'pino';
import * as z from 'zod';
import { idSchema } from '../../../contracts/ids.ts';
import { standInReadbackSchema } from '../../../contracts/readback.ts';
import type { EdgeClient } from '../../edge/edge-client.ts';
import { refusal } from '../../errors.ts';
import { costs } from '../http/cost.ts';
import { type Route, route } from '../http/route.ts';

const answerSchema = z.strictObject({ card_id: idSchema('card'), ...standInReadbackSchema.shape });

interface CardStandInParts {
  readonly edge: Pick<EdgeClient, 'readStandIn'>;
  readonly log: Logger;
}

export function cardStandInRoutes({ edge, log }: CardStandInParts): readonly Route[] {
  const read = route({
    method: 'get',
    path: '/cards/{card_id}/stand-in',
    name: 'readCardStandIn',
    cost: costs.askOutside,
    summary: 'What the edge may approve in the place of a card that cannot be reached, and what is left of it today',
    tag: 'cards',
    scope: 'cards:read',
    forMerchants: false,
    params: z.strictObject({ card_id: idSchema('card') }),
    answers: { status: 200, schema: answerSchema, description: 'As the edge has it at this moment.' },
    errors: ['card_not_found', 'edge_unavailable'],
    async handle({ params: { card_id }, sql }) {
      const { rows } = await sql.query<{ network: string; card_token: string }>(
        'select network, card_token from cards where card_id = $1',
        [card_id],
      );
      const [card] = rows;
      if (card === undefined) throw refusal('card_not_found');
      const read = await edge.readStandIn(card).catch((error: unknown) => {
        log.warn({ err: error, card_id }, 'what may be stood in for could not be read');
        throw refusal('edge_unavailable');
      });
      return { body: { card_id, ...read } };
    },
  });
  return [read];
}
