// atlas authorization show and explain.

import { path } from '../../sdk/transport.ts';
import type { Authorization } from './card-words.ts';
import { type Command, idIn, wordsIn } from './command.ts';
import { explanationSchema, shownExplanation } from './explained.ts';
import { facts, lines, money, table, time } from './shown.ts';

interface Timeline {
  readonly authorization: Authorization;
  readonly joined: readonly Authorization[];
  readonly events: readonly {
    readonly sequence: number;
    readonly at_ms: number;
    readonly received_at_ms: number;
    readonly kind: string;
    readonly message?: { readonly kind: string };
    readonly transfers: readonly {
      readonly transfer_id: string;
      readonly kind: string;
      readonly amount_minor: number;
      readonly currency: string;
    }[];
  }[];
  readonly open_items: readonly {
    readonly open_item_id: string;
    readonly kind: string;
    readonly status: string;
    readonly summary: string;
  }[];
}

export function shownAuthorizations(all: readonly Authorization[]): string[] {
  return table(
    all.map(({ authorization_id, opened_at_ms, requested_minor, currency, status, reason, merchant }) => [
      ...[`    ${authorization_id}`, time(opened_at_ms), money(requested_minor, currency)],
      ...[reason === null ? status : `${status}: ${reason}`, merchant?.name ?? ''],
    ]),
  );
}

export const authorizationShow: Command = {
  help: `atlas authorization show <authorization_id>      needs cards:read`,
  read(args) {
    const { words } = wordsIn(args, { names: ['authorization_id'] });
    const id = idIn(words.authorization_id, 'auth');
    return async (connection) => {
      const answer = await connection().send<Timeline>({ method: 'GET', path: path`/authorizations/${id}/timeline` });
      return { text: lines(shown(answer)), answer, isWell: true };
    };
  },
};

function shown({ authorization, joined, events, open_items }: Timeline): string[] {
  const { currency, reason, status } = authorization;
  return [
    `${authorization.authorization_id}   ${status}${reason === null ? '' : `: ${reason}`}`,
    ...facts([
      ['card', authorization.card_id ?? 'one that nobody made here'],
      ['merchant', authorization.merchant?.name ?? null],
      ['asked for', money(authorization.requested_minor, currency)],
      ['held', money(authorization.held_minor, currency)],
      ['spent', money(authorization.posted_minor, currency)],
      ['one with', joined.map(({ authorization_id }) => authorization_id).join(', ') || null],
    ]),
    '',
    '  events of the card, and what each booked',
    ...table(
      events.map(({ sequence, at_ms, kind, message, transfers }) => [
        `    ${sequence}`,
        time(at_ms),
        (message?.kind ?? kind).replaceAll('_', ' '),
        transfers.map((one) => `${one.kind} ${money(one.amount_minor, one.currency)}`).join(', ') || 'nothing',
      ]),
    ),
    ...(open_items.length === 0 ? [] : ['', '  open items']),
    ...table(open_items.map((item) => [`    ${item.open_item_id}`, item.kind, item.status, item.summary])),
  ];
}

export const authorizationExplain: Command = {
  help: `atlas authorization explain <authorization_id>      with the controls as they were then. Needs cards:read`,
  read(args) {
    const { words } = wordsIn(args, { names: ['authorization_id'] });
    const id = idIn(words.authorization_id, 'auth');
    return async (connection) => {
      const answer = await connection().send({ method: 'GET', path: path`/authorizations/${id}/explanation` });
      return { text: shownExplanation(explanationSchema.parse(answer)), answer, isWell: true };
    };
  },
};
