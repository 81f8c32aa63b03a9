// GET /cards/{card_id}/comparison: a card at the edge beside what is booked of it here. POST /cards/{card_id}/reread: what is missing here
// is fetched from the card's own log now, instead of at the next sweep, and compared again. Neither changes the card.

import type { Logger } from 'pino';
import * as z from 'zod';
import { idSchema } from '../../../contracts/ids.ts';
import type { ReadCardAnswer } from '../../../contracts/internal-answers.ts';
import { recordAuditEvents } from '../../audit/audit-event.ts';
import type { Sql } from '../../db/client.ts';
import type { EdgeClient } from '../../edge/edge-client.ts';
import { refusal } from '../../errors.ts';
import type { Intake } from '../../intake/intake.ts';
import { type RepairOptions, rereadCard } from '../../intake/repair.ts';
import type { RepairMetrics } from '../../intake/repair-metrics.ts';
import type { CardName } from '../../intake/streams.ts';
import { costs } from '../http/cost.ts';
import { doerOf, type Route, route } from '../http/route.ts';

/** A card with a long log is read for so long; the rest is fetched by the sweep, or by asking again. */
const rereadMsMax = 10_000;

const comparisonSchema = z.strictObject({
  card_id: idSchema('card'),
  /**
   * `same`. `under_way`: the card has events or a profile that are on their way, which takes seconds; amounts are not compared then.
   * `differs`: what `differences` names is not on its way. `unknown`: the edge has never heard of the card.
   */
  verdict: z.enum(['same', 'under_way', 'differs', 'unknown']),
  /** In a sentence each. */
  differences: z.array(z.string()),
  edge: z.nullable(
    z.strictObject({
      profile_version: z.int().nullable(),
      last_sequence: z.int(),
      /** The newest event that was handed to the queue. */
      published_sequence: z.int(),
      held_minor: z.bigint(),
      posted_minor: z.bigint(),
      /** Of its refunds of no purchase, what the card may not spend: it has left its funds less held, posted and this. Null: an edge of before. */
      withheld_minor: z.bigint().nullable(),
    }),
  ),
  origin: z.strictObject({
    profile_version: z.int(),
    /** Every event of the card up to this one is booked. */
    applied_sequence: z.int(),
    /** The newest event that came: above `applied_sequence` it waits for one before it. */
    seen_sequence: z.int(),
    /** Sums over the card's authorizations in its currency. */
    held_minor: z.bigint(),
    posted_minor: z.bigint(),
  }),
});
type Comparison = z.output<typeof comparisonSchema>;

const rereadSchema = z.strictObject({
  ...comparisonSchema.shape,
  /** False: not all could be fetched; the log and the card's open items say why. */
  is_whole: z.boolean(),
  events_taken: z.int(),
});

interface Booked extends CardName {
  readonly currency: string;
  readonly profile_version: number;
  readonly applied_sequence: string;
  readonly seen_sequence: string;
  readonly held_minor: string;
  readonly posted_minor: string;
}

async function bookedOf(sql: Sql, cardId: string): Promise<Booked> {
  const { rows } = await sql.query<Booked>(
    `select c.network, c.card_token, c.profile_version, c.profile->>'currency' as currency,
       coalesce(s.applied_sequence, 0) as applied_sequence, coalesce(s.seen_sequence, 0) as seen_sequence,
       coalesce(a.held_minor, 0) as held_minor, coalesce(a.posted_minor, 0) as posted_minor
     from cards c
     left join card_streams s using (network, card_token)
     left join lateral (
       select sum(held_minor) as held_minor, sum(posted_minor) as posted_minor from authorizations a
       where a.stream_id = s.stream_id and a.currency = c.profile->>'currency'
     ) as a on true
     where c.card_id = $1`,
    [cardId],
  );
  const [booked] = rows;
  if (booked === undefined) throw refusal('card_not_found');
  return booked;
}

function compare(card_id: Comparison['card_id'], card: ReadCardAnswer | null, booked: Booked): Comparison {
  const origin = {
    profile_version: booked.profile_version,
    applied_sequence: Number(booked.applied_sequence),
    seen_sequence: Number(booked.seen_sequence),
    held_minor: BigInt(booked.held_minor),
    posted_minor: BigInt(booked.posted_minor),
  };
  if (card === null)
    return { card_id, verdict: 'unknown', differences: ['The edge has never heard of the card.'], edge: null, origin };
  const edge = {
    profile_version: card.profile?.version ?? null,
    ...{ last_sequence: card.last_sequence, published_sequence: card.published_sequence },
    ...{ held_minor: BigInt(card.held_minor), posted_minor: BigInt(card.posted_minor) },
    withheld_minor: card.withheld_minor === undefined ? null : BigInt(card.withheld_minor),
  };
  const differences = differencesOf({ edge, origin, currencies: [card.profile?.currency, booked.currency] });
  const isUnderWay =
    edge.last_sequence > origin.applied_sequence || (edge.profile_version ?? 0) < origin.profile_version;
  const verdict = differences.length > 0 ? 'differs' : isUnderWay ? 'under_way' : 'same';
  return { card_id, verdict, differences, edge, origin };
}

interface Sides {
  readonly edge: NonNullable<Comparison['edge']>;
  readonly origin: Comparison['origin'];
  readonly currencies: readonly [edge: string | undefined, origin: string];
}

function differencesOf({ edge, origin, currencies: [edgeCurrency, currency] }: Sides): string[] {
  const { last_sequence } = edge;
  const known = Math.max(origin.applied_sequence, origin.seen_sequence);
  const found: string[] = [];
  if (last_sequence < known)
    found.push(
      `The card's own log ends with event ${last_sequence}; event ${known} came here. Its storage was set back.`,
    );
  if ((edge.profile_version ?? 0) > origin.profile_version)
    found.push(
      `The card decides by profile ${edge.profile_version}; the newest one here is ${origin.profile_version}. The database was set back.`,
    );
  // Only of the same events the sums can be the same.
  if (last_sequence !== origin.applied_sequence || edgeCurrency !== currency) return found;
  for (const [name, says] of [
    ['held_minor', 'holds'],
    ['posted_minor', 'has spent'],
  ] as const)
    if (edge[name] !== origin[name])
      found.push(`The card ${says} ${edge[name]} ${currency} in minor units, and the books say ${origin[name]}.`);
  return found;
}

export interface CardComparisonParts {
  readonly database: RepairOptions['database'];
  readonly edge: Pick<EdgeClient, 'readCard'> & RepairOptions['edge'];
  readonly intake: Pick<Intake, 'takePage'>;
  readonly repairMetrics: RepairMetrics;
  readonly log: Logger;
}

export function cardComparisonRoutes({ repairMetrics: metrics, ...parts }: CardComparisonParts): readonly Route[] {
  const { database, edge, log } = parts;
  const params = z.strictObject({ card_id: idSchema('card') });

  async function compared(sql: Sql, cardId: Comparison['card_id']): Promise<Comparison> {
    const booked = await bookedOf(sql, cardId);
    const card = await edge.readCard(booked).catch((error: unknown) => {
      log.warn({ err: error, card_id: cardId }, 'a card could not be read, to be compared');
      throw refusal('edge_unavailable');
    });
    // Events go from the card to here, so its books are read first; profiles go the other way, so theirs is read last. What moves
    // meanwhile is then under way, and never looks as if one side had been set back.
    const { profile_version } = await bookedOf(sql, cardId);
    return compare(cardId, card, { ...booked, profile_version });
  }

  const common = { tag: 'cards', forMerchants: false, params, errors: ['card_not_found', 'edge_unavailable'] } as const;
  const comparison = route({
    ...common,
    method: 'get',
    path: '/cards/{card_id}/comparison',
    name: 'compareCard',
    cost: { ...costs.history, outside: 1 },
    summary: 'A card at the edge beside what is booked of it here',
    scope: 'cards:read',
    answers: { status: 200, schema: comparisonSchema, description: 'Both sides, read one after the other.' },
    async handle({ params: { card_id }, sql }) {
      return { body: await compared(sql, card_id) };
    },
  });
  const reread = route({
    ...common,
    method: 'post',
    path: '/cards/{card_id}/reread',
    name: 'rereadCard',
    cost: { ...costs.many, outside: 10 },
    summary: "Fetch what is missing here from a card's own log now, and compare again",
    description:
      'What the queue lost or still has is booked once, whichever way it comes. Closes `card_behind_ledger` and `card_events_lost` where they are over.',
    scope: 'cards:write',
    // Events are booked by intake, in transactions of its own.
    commitsItself: true,
    answers: { status: 200, schema: rereadSchema, description: 'As it is after that.' },
    async handle({ params: { card_id }, sql, ...call }) {
      const before = await bookedOf(sql, card_id);
      const is_whole = await rereadCard({ ...parts, metrics }, before, AbortSignal.timeout(rereadMsMax)).catch(
        (error: unknown) => {
          log.warn({ err: error, card_id }, 'a card could not be read again whole');
          return false;
        },
      );
      const now = await compared(database.sql, card_id);
      const events_taken = now.origin.applied_sequence - Number(before.applied_sequence);
      const audited = { action: 'card.reread', subject: card_id, merchant_id: null, reason: `${events_taken} events` };
      await recordAuditEvents(database.sql, [{ ...doerOf(call), ...audited }]);
      return { body: { ...now, is_whole, events_taken } };
    },
  });
  return [comparison, reread];
}
