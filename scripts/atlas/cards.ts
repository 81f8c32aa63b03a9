// atlas card find, show, freeze, unfreeze.

import { AtlasError, type Card } from '../../sdk/index.ts';
import { path, type Send } from '../../sdk/transport.ts';
import { shownAuthorizations } from './authorizations.ts';
import type { Authorization, Comparison } from './card-words.ts';
import { type Command, idIn, wordsIn } from './command.ts';
import type { Connection } from './connection.ts';
import { facts, lines, money, time } from './shown.ts';

const newestShown = 5;

export const cardFind: Command = {
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
      const { atlas, send } = connection();
      const { items } = await atlas.cards.list(query).page();
      const cards = [];
      for (const card of items) cards.push({ ...card, spending: await spendingOf(send, card) });
      const text = cards.flatMap((card) => [
        ...shown(card, card.spending),
        ...facts([['decisions', `atlas card show ${card.card_id}`]]),
      ]);
      return {
        text: cards.length === 0 ? 'no card has this token\n' : lines(text),
        answer: { cards },
        isWell: cards.length > 0,
      };
    };
  },
};

export const cardShow: Command = {
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
      const spending = await spendingOf(send, card);
      const text = lines([
        ...shown(card, spending),
        '',
        ...(authorizations.length === 0
          ? ['  no authorization yet']
          : ['  newest authorizations', ...shownAuthorizations(authorizations)]),
      ]);
      return { text, answer: { card, spending, authorizations }, isWell: true };
    };
  },
};

interface Spending {
  readonly held_minor: number;
  readonly posted_minor: number;
  /** Of its refunds of no purchase, what it may not spend. */
  readonly withheld_minor: number;
  /** Below 0: overdrawn by what the network told of. Null: the network holds the funds, and knows what is left of them. */
  readonly left_minor: number | null;
}

/** As the card itself has it, which decides by it; null: the edge does not say. Of a card that it has never heard of nothing is spent. */
async function spendingOf(send: Send, { card_id, profile }: Card): Promise<Spending | null> {
  try {
    const { edge, origin } = await send<Comparison>({ method: 'GET', path: path`/cards/${card_id}/comparison` });
    const { held_minor, posted_minor } = edge ?? origin;
    const withheld_minor = edge?.withheld_minor ?? 0;
    const { funds_minor } = profile;
    return {
      ...{ held_minor, posted_minor, withheld_minor },
      left_minor: funds_minor === null ? null : funds_minor - held_minor - posted_minor - withheld_minor,
    };
  } catch (error) {
    // The rest of the card is in the books, and is told.
    if (error instanceof AtlasError && error.errorCode === 'edge_unavailable') return null;
    throw error;
  }
}

function shownSpending(spending: Spending | null, currency: string): (readonly [string, string | null])[] {
  if (spending === null) return [['spending', 'not known: the edge does not answer']];
  return [
    ['held', money(spending.held_minor, currency)],
    ['spent', money(spending.posted_minor, currency)],
    ...(spending.withheld_minor === 0
      ? []
      : [['withheld of refunds', money(spending.withheld_minor, currency)] as const]),
    ['left', spending.left_minor === null ? null : money(spending.left_minor, currency)],
  ];
}

function shown(
  { card_id, account_id, network, profile, control_set, edge }: Card,
  spending: Spending | null,
): string[] {
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
      ...shownSpending(spending, currency),
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

export const cardFreeze: Command = turning('freeze', 'frozen');
export const cardUnfreeze: Command = turning('unfreeze', 'active');

function turning(verb: string, cardStatus: 'frozen' | 'active'): Command {
  return {
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
