// atlas card find, show, freeze, unfreeze.

import type { Card } from '../../sdk/index.ts';
import { path } from '../../sdk/transport.ts';
import { shownAuthorizations } from './authorizations.ts';
import type { Authorization } from './card-words.ts';
import { type Command, idIn, wordsIn } from './command.ts';
import type { Connection } from './connection.ts';
import { facts, lines, money, time } from './shown.ts';

const newestShown = 5;

export const cardFind: Command = {
  name: 'card find',
  summary: "the card that has a network's token: what Marqeta calls it, and what it is here",
  help: `atlas card find <card_token> [--network N]      needs cards:read

  --network N   only its; without it every network is asked for the token

Found (1): no card has it.`,
  read(args) {
    const { words, values } = wordsIn(args, {
      names: ['card_token'],
      options: { network: { type: 'string' } } as const,
    });
    return async (connection) => {
      const query = { card_token: words.card_token, network: values.network };
      const { items } = await connection().atlas.cards.list(query).page();
      const text = items.length === 0 ? 'no card has this token\n' : lines(items.flatMap(shown));
      return { text, answer: { cards: items }, isWell: items.length > 0 };
    };
  },
};

export const cardShow: Command = {
  name: 'card show',
  summary: 'a card, its profile, and its newest authorizations',
  help: `atlas card show <card_id>      needs cards:read`,
  read(args) {
    const { words } = wordsIn(args, { names: ['card_id'] });
    const cardId = idIn(words.card_id, 'card');
    return async (connection) => {
      const { send } = connection();
      const card = await send<Card>({ method: 'GET', path: path`/cards/${cardId}` });
      const query = { card_id: cardId, limit: newestShown };
      const { authorizations } = await send<{ authorizations: readonly Authorization[] }>({
        ...{ method: 'GET', path: '/authorizations', query },
      });
      const text = lines([
        ...shown(card),
        '',
        ...(authorizations.length === 0
          ? ['  no authorization yet']
          : ['  newest authorizations', ...shownAuthorizations(authorizations)]),
      ]);
      return { text, answer: { card, authorizations }, isWell: true };
    };
  },
};

function shown({ card_id, account_id, network, profile, control_set, edge }: Card): string[] {
  const { currency } = profile;
  const has = edge.state === 'stored' ? 'has this profile' : pendingWords(edge);
  return [
    `${card_id}   ${profile.status}`,
    ...facts([
      ['account', account_id],
      ['network', network],
      ['profile', `version ${profile.version}, in ${currency}`],
      ['edge', has],
      [
        'funds',
        profile.funds_minor === null ? 'held by the network' : `${money(profile.funds_minor, currency)} in all`,
      ],
      ['expires', profile.expires_at_ms === null ? null : time(profile.expires_at_ms)],
      ['controls', profile.controls.map(({ control_id }) => control_id).join(', ') || 'none'],
      ['control set', control_set === null ? null : `${control_set.control_set_id}, version ${control_set.version}`],
    ]),
  ];
}

function pendingWords({ version, attempts, last_error }: Card['edge']): string {
  const why = last_error === null ? '' : `: ${last_error}`;
  return `decides by version ${version}; the newest is on its way, tried ${attempts} times${why}`;
}

export const cardFreeze: Command = turning(
  'freeze',
  'frozen',
  'no more purchases on a card, at once; undone by card unfreeze',
);
export const cardUnfreeze: Command = turning('unfreeze', 'active', 'a frozen card may buy again');

function turning(verb: string, cardStatus: 'frozen' | 'active', summary: string): Command {
  return {
    name: `card ${verb}`,
    summary,
    help: `atlas card ${verb} <card_id>      its profile becomes "${cardStatus}"; who did it is in the audit trail. Needs cards:write.

Found (1): the edge does not have it yet, so that the card decides by its former profile until it has.`,
    read(args) {
      const { words } = wordsIn(args, { names: ['card_id'] });
      const cardId = idIn(words.card_id, 'card');
      return (connection) => turn(connection(), cardId, cardStatus);
    },
  };
}

async function turn({ send }: Connection, cardId: string, cardStatus: string) {
  const card = await send<Card>({ method: 'PATCH', path: path`/cards/${cardId}`, body: { status: cardStatus } });
  const isThere = card.edge.state === 'stored';
  const how = isThere ? 'the edge decides by it' : `NOT YET AT THE EDGE, which ${pendingWords(card.edge)}`;
  const text = `${card.card_id}   ${card.profile.status} by profile ${card.profile.version}; ${how}\n`;
  return { text, answer: card, isWell: isThere };
}
