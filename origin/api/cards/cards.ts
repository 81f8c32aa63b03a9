// Cards over HTTP: made under their network's token, read and listed. A profile and its place in the outbox are written together,
// then pushed before the answer where the edge can be reached; where it cannot, the answer says so and the outbox goes on.

import * as z from 'zod';
import { idSchema, newId } from '../../../contracts/ids.ts';
import { type Network, networkKeySchema, networkSchema } from '../../../contracts/network.ts';
import { writeProfiles } from '../../controls/write-profiles.ts';
import { sqlState } from '../../db/away.ts';
import { refusal } from '../../errors.ts';
import { costs } from '../http/cost.ts';
import { cursorOf, cursorSchema, limitSchema } from '../http/cursor.ts';
import { doerOf, type Route, route } from '../http/route.ts';
import { nextProfile, someProfileFields } from './card-profile.ts';
import { cardSchema, readCardView, readCardViews, readWaitingCards, waitingFor } from './card-view.ts';
import { type PushParts, pushed } from './change-card.ts';

const common = { tag: 'cards', forMerchants: false } as const;

export interface CardParts extends PushParts {
  /** Those that this deployment serves. */
  readonly networks: readonly Network[];
}

function create(parts: CardParts): Route {
  return route({
    ...common,
    method: 'post',
    path: '/cards',
    name: 'createCard',
    cost: costs.changeOutside,
    summary: "Add a card under its network's token",
    description: 'With an Idempotency-Key the answer is as of the commit: the edge gets the profile right after it.',
    scope: 'cards:write',
    idempotency: 'optional',
    body: z.strictObject({
      account_id: idSchema('acct'),
      network: networkSchema,
      card_token: networkKeySchema,
      ...someProfileFields,
    }),
    answers: { status: 201, schema: cardSchema, description: 'With the first version of its profile.' },
    errors: ['account_not_found', 'card_already_exists'],
    async handle({ body: { account_id, network, card_token, ...fields }, sql, ...call }) {
      if (!parts.networks.includes(network))
        throw refusal('field_invalid', [{ field: 'network', problem: `must be one of ${parts.networks.join(', ')}` }]);
      const { rows } = await sql.query<{ currency: string }>('select currency from accounts where account_id = $1', [
        account_id,
      ]);
      const [account] = rows;
      if (account === undefined) throw refusal('account_not_found');
      const card_id = newId('card');
      const before = { ...blank, profile: { ...blank.profile, card_id, account_id, currency: account.currency } };
      const next = await nextProfile(sql, fields, before, 1);
      try {
        await sql.query(
          `insert into cards (card_id, account_id, network, card_token, profile, profile_version) values ($1, $2, $3, $4, $5, 1)`,
          [card_id, account_id, network, card_token, next.profile],
        );
      } catch (error) {
        if (sqlState(error) === uniqueViolation) throw refusal('card_already_exists');
        throw error;
      }
      const created = { ...next, from: null, reason: `of ${account_id}` };
      await writeProfiles(sql, [created], { pushAfterSeconds: 5, doer: doerOf(call) });
      return { body: await readCardView(sql, card_id), afterCommit: pushed(parts, card_id) };
    },
  });
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

const list = ({ networks }: CardParts) =>
  route({
    ...common,
    method: 'get',
    path: '/cards',
    name: 'listCards',
    // A page of cards with twenty controls each is 400 KB.
    cost: { ...costs.page, cpuMs: 5 },
    summary: "List cards, or find one by its network's token",
    description:
      "With `card_token`, the network's own name for a card: the card that has it, of `network` or of any. None: an empty page. The token is in no answer. With `waiting` alone, one page of those that wait longest: for `events` before the ones that came, or for the edge to have their newest `profile`.",
    scope: 'cards:read',
    query: z.strictObject({
      account_id: z.optional(idSchema('acct')),
      company_id: z.optional(idSchema('comp')),
      employee_id: z.optional(idSchema('empl')),
      card_token: z.optional(networkKeySchema),
      network: z.optional(networkSchema),
      waiting: z.enum(waitingFor).optional(),
      limit: limitSchema,
      cursor: cursorSchema(z.tuple([idSchema('card')])),
    }),
    answers: {
      status: 200,
      schema: z.strictObject({ cards: z.array(cardSchema), next_cursor: z.string().nullable() }),
      description: 'A page, in the order of their ids; `next_cursor` null on the last.',
    },
    errors: [],
    async handle({ query: { waiting, limit, ...filters }, sql }) {
      const { account_id, company_id, employee_id, card_token, network, cursor } = filters;
      if (waiting !== undefined) {
        if (Object.values(filters).some((given) => given !== undefined))
          throw refusal('field_invalid', [{ field: 'waiting', problem: 'stands alone, but for limit' }]);
        return { body: { cards: await readWaitingCards(sql, waiting, limit), next_cursor: null } };
      }
      // All cards of a network would be found by no index; a token is, with its network or without.
      if (network !== undefined && card_token === undefined)
        throw refusal('field_invalid', [{ field: 'network', problem: 'needs card_token beside it' }]);
      const tokens = card_token === undefined ? undefined : { card_token, networks: network ? [network] : networks };
      const cards = await readCardViews(sql, {
        ...{ account_id, company_id, employee_id, tokens },
        ...{ after: cursor?.[0], limit: limit + 1 },
      });
      const last = cards.length > limit ? cards[limit - 1] : undefined;
      const next_cursor = last === undefined ? null : cursorOf(last.card_id);
      return { body: { cards: cards.slice(0, limit), next_cursor } };
    },
  });

const read = route({
  ...common,
  method: 'get',
  path: '/cards/{card_id}',
  name: 'readCard',
  cost: costs.one,
  summary: 'Read a card, its profile, and whether the edge has it',
  scope: 'cards:read',
  params: z.strictObject({ card_id: idSchema('card') }),
  answers: { status: 200, schema: cardSchema, description: 'As it stands.' },
  errors: ['card_not_found'],
  async handle({ params: { card_id }, sql }) {
    return { body: await readCardView(sql, card_id) };
  },
});

export function cardRoutes(parts: CardParts): readonly Route[] {
  return [create(parts), list(parts), read];
}
