import { describe, expect, test } from 'vitest';
import type { CardEvent } from '../../contracts/card-event.ts';
import { newId } from '../../contracts/ids.ts';
import type { CardEvidence, Evidence, TransferEvidence } from './evidence.ts';
import { judge } from './judge.ts';
import type { Asked, Told } from './records.ts';

const cardToken = 'card-1';
const authorizationId = newId('auth');
const answered = {
  text: `{"tags":"authorization_id=${authorizationId}"}`,
  wasUnknown: false,
  lastSentAtMs: 0,
  tookMs: 0,
};
const asked: Asked = {
  cardToken,
  requestKey: 'jit-1',
  transactionToken: 'tx-1',
  amountMinor: 1_000,
  body: '',
  answer: { ...answered, status: 200 },
};
const told: Told = {
  of: asked,
  kind: 'clearing',
  messageKey: 'msg-1',
  amountMinor: 700,
  body: '',
  answer: asked.answer,
};

const common = { at_ms: 0, authorization_id: authorizationId };
const merchant = { id: null, name: null, category: null, country: null };
const authorization: CardEvent = {
  ...common,
  sequence: 1,
  event_id: newId('evt'),
  kind: 'authorization',
  request: {
    request_key: 'jit-1',
    authorization_key: 'tx-1',
    kind: 'authorization',
    amount_minor: 1_000,
    currency: 'USD',
    merchant,
    channel: 'pos',
    entry_mode: 'chip',
    card_present: true,
    partial_approval_capable: false,
  },
  decision: {
    outcome: 'approved',
    approved_minor: 1_000,
    hold_minor: 1_000,
    profile_version: 1,
    reason: null,
    control_id: null,
    available_minor: null,
    trace: [],
  },
  effect: { hold_minor: 1_000, posted_minor: 0 },
};
const clearing: CardEvent = {
  ...common,
  sequence: 2,
  event_id: newId('evt'),
  kind: 'message',
  message: {
    kind: 'clearing',
    message_key: 'msg-1',
    authorization_key: 'tx-1',
    currency: 'USD',
    amount_minor: 700,
    final: true,
    merchant,
  },
  effect: { hold_minor: -1_000, posted_minor: 700 },
};

const transfer = (kind: TransferEvidence['kind'], amount_minor: number): TransferEvidence => ({
  authorization_id: authorizationId,
  kind,
  amount_minor,
});
const pending = transfer('pending', 1_000);
const post = transfer('post', 700);
const release = transfer('void', 300);

/** A card after an approval of 10.00 and a final clearing of 7.00, all in order; a case changes what is wrong in it. */
const inOrder: CardEvidence = {
  events: [authorization, clearing],
  heldMinor: 0,
  postedMinor: 700,
  lastSequence: 2,
  transfers: [pending, post, release],
  appliedSequence: 2,
  storedEvents: 2,
};
const evidenceOf = (card: Partial<CardEvidence>): Evidence => ({
  cards: new Map([[cardToken, { ...inOrder, ...card }]]),
  ledgerDifferences: [],
  outOfOrder: 0,
  openItems: new Map(),
});

describe('judge: what the network was told against what the system has', () => {
  test('everything in order: nothing is found', () => {
    expect(judge([asked], [told], evidenceOf({}))).toEqual({ lost: 0, doubleCounted: 0, findings: [] });
  });

  test.each<[claim: string, card: Partial<CardEvidence>, lost: number, doubleCounted: number]>([
    ['an approval that is not in the log is lost', { events: [{ ...clearing, sequence: 1 }] }, 1, 0],
    ['an approval that is not in the ledger is lost', { transfers: [post, release] }, 1, 0],
    ['a clearing that is not in the log is lost', { events: [authorization] }, 1, 0],
    ['a clearing that is not in the ledger is lost', { transfers: [pending] }, 1, 0],
    [
      'an approval twice in the log is double',
      { events: [authorization, { ...authorization, sequence: 2 }, { ...clearing, sequence: 3 }] },
      0,
      1,
    ],
    ['an approval twice in the ledger is double', { transfers: [pending, pending, post, release] }, 0, 1],
    [
      'a clearing twice in the log is double',
      { events: [authorization, clearing, { ...clearing, sequence: 3 }] },
      0,
      1,
    ],
    ['a clearing twice in the ledger is double', { transfers: [pending, post, post, release] }, 0, 1],
    ['more money than was approved is double', { transfers: [transfer('pending', 1_001), post, release] }, 0, 1],
    [
      'money in two transfers instead of one is double',
      { transfers: [transfer('pending', 400), transfer('pending', 600), post, release] },
      0,
      1,
    ],
  ])('%s', (_, card, lost, doubleCounted) => {
    const judgement = judge([asked], [told], evidenceOf(card));
    expect(judgement).toMatchObject({ lost, doubleCounted });
    expect(judgement.findings).not.toEqual([]);
  });

  test.each<[claim: string, card: Partial<CardEvidence>]>([
    ['a gap in the numbers', { events: [authorization, { ...clearing, sequence: 3 }] }],
    ['an origin that is behind', { appliedSequence: 1 }],
    ['an event that the origin has not stored', { storedEvents: 1 }],
    ['a hold that only the edge has', { heldMinor: 300 }],
    ['spending that only the edge has', { postedMinor: 701 }],
    [
      'transfers of an authorization that nobody was told of',
      { transfers: [...inOrder.transfers, { ...pending, authorization_id: newId('auth') }] },
    ],
  ])('%s is found', (_, card) => {
    expect(judge([asked], [told], evidenceOf(card)).findings).not.toEqual([]);
  });

  test('an event that nobody sent is found', () => {
    expect(judge([], [], evidenceOf({})).findings).toContain('jit-1: was never sent');
  });

  test('a decline in the log and not in the ledger is in order; one that the log calls an approval is not', () => {
    const declined: Asked = { ...asked, answer: { ...asked.answer, status: 402 } };
    if (authorization.kind !== 'authorization') throw new Error('not an authorization');
    const decision = { ...authorization.decision, outcome: 'declined' as const, approved_minor: 0 };
    const alone = { transfers: [], heldMinor: 0, postedMinor: 0, lastSequence: 1, appliedSequence: 1, storedEvents: 1 };
    const fine = evidenceOf({ ...alone, events: [{ ...authorization, decision }] });
    expect(judge([declined], [], fine)).toEqual({ lost: 0, doubleCounted: 0, findings: [] });
    expect(judge([declined], [], evidenceOf({ ...alone, events: [authorization] })).findings).toHaveLength(1);
  });

  test('the ledger’s own differences and dead letters are found', () => {
    const evidence = {
      ...evidenceOf({}),
      ledgerDifferences: ['USD: debits and credits differ'],
      openItems: new Map([['dead_letter', 1]]),
    };
    expect(judge([asked], [told], evidence).findings).toHaveLength(2);
  });

  describe('of a card that was set back, what it had decided in ignorance is told to it again', () => {
    if (authorization.kind !== 'authorization') throw new Error('not an authorization');
    const { authorization_id, event_id } = authorization;
    const advice = {
      ...{ kind: 'message', sequence: 1, at_ms: authorization.at_ms, event_id, authorization_id },
      message: {
        ...{ kind: 'advice', message_key: event_id, request_key: asked.requestKey, authorization_key: 'tx-1' },
        ...{ currency: 'USD', hold_minor: asked.amountMinor, decided_by: 'edge', answered_at_ms: authorization.at_ms },
        merchant: null,
      },
      effect: { hold_minor: asked.amountMinor, posted_minor: 0 },
    } satisfies CardEvent;
    const again = evidenceOf({ events: [advice, clearing] });
    const setBack = new Set([cardToken]);

    test('as an answer in its place: nothing is found; of another card it is a loss', () => {
      expect(judge([asked], [told], again, setBack).findings).toEqual([]);
      expect(judge([asked], [told], again).lost).toBe(1);
    });

    test('with another amount, or nowhere, it is lost', () => {
      const less = { ...advice, message: { ...advice.message, hold_minor: asked.amountMinor - 1 } };
      for (const events of [[less, clearing], [{ ...clearing, sequence: 1 }]])
        expect(judge([asked], [told], evidenceOf({ events }), setBack).lost).toBe(1);
    });

    test('held twice for it is double', () => {
      const twice = evidenceOf({ events: [advice, clearing], transfers: [...inOrder.transfers, pending] });
      expect(judge([asked], [told], twice, setBack).doubleCounted).toBe(1);
    });
  });
});
