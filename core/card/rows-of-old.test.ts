// Rows that earlier versions of the card wrote, read as they were meant.

import { describe, expect, test } from 'vitest';
import type { CardEventBody, RecordedApproval } from '../../contracts/card-event.ts';
import type { Id } from '../../contracts/ids.ts';
import { limits } from '../../contracts/limits.ts';
import { advice, noonMs, profile, request } from '../testing/samples.ts';
import { approvalRecordedIn } from './approvals.ts';
import { type Authorization, newAuthorization } from './authorization.ts';
import { type CardState, newCardState, setAuthorization, setProfile } from './card-state.ts';
import { approvalInPlaceRecordedIn, followBooks, givenUpIn } from './rows-of-old.ts';

type Body<K extends CardEventBody['kind']> = Extract<CardEventBody, { kind: K }>;

const ids = { event_id: 'evt_00000000000000000000000001', authorization_id: 'auth_00000000000000000000000001' } as {
  event_id: Id<'evt'>;
  authorization_id: Id<'auth'>;
};
const effect = { hold_minor: 500, posted_minor: 0 };

function decided(hold_minor: number, changes: Partial<Body<'authorization'>> = {}): Body<'authorization'> {
  const decision = { outcome: 'approved', hold_minor } as Body<'authorization'>['decision'];
  return { kind: 'authorization', ...ids, request: request(), decision, effect, ...changes };
}

function given(voided_minor: number, changes: Partial<Body<'void'>> = {}): Body<'void'> {
  const keys = { request_key: 'request-1', authorization_key: 'authorization-1' };
  return { kind: 'void', ...ids, ...keys, voided_minor, effect: { hold_minor: -500, posted_minor: 0 }, ...changes };
}

describe('the approval of a row', () => {
  const later = noonMs + 70;
  const ofRow = (approval: RecordedApproval, occurred_at_ms?: number) =>
    approvalRecordedIn(decided(500, { approval, request: request({ occurred_at_ms }) }));

  test('of today is what it says, also of a beginning that is dated 1', () => {
    const beginning = { at_ms: 1, nth: -1, given_at_ms: later, adds_minor: 500 };
    const increment = { at_ms: 0, nth: 1, given_at_ms: later, adds_minor: 500 };
    const second = { at_ms: noonMs, nth: 0, given_at_ms: later, adds_minor: 500 };
    for (const approval of [beginning, increment, second]) expect(ofRow(approval, noonMs)).toEqual(approval);
  });

  test('of before beginnings kept their stamp: the request has it, or it is as early as clocks allow', () => {
    const approval = { at_ms: 0, nth: -1, given_at_ms: later, adds_minor: 500 };
    expect(ofRow(approval, later - 20)).toEqual({ ...approval, at_ms: later - 20 });
    expect(ofRow(approval)).toEqual({ ...approval, at_ms: later - limits.stampBehindMsMax });
  });

  test('of the first version has its instant alone', () => {
    const read = { at_ms: noonMs, nth: 0, given_at_ms: noonMs };
    expect(approvalRecordedIn(decided(300, { approved_at_ms: noonMs }))).toEqual({ ...read, adds_minor: 300 });
    expect(approvalRecordedIn(given(300, { approved_at_ms: noonMs }))).toEqual({ ...read, adds_minor: 300 });
    expect(approvalRecordedIn(given(1, { approved_at_ms: 1 }))).toMatchObject({ at_ms: 1, nth: 0, adds_minor: 1 });
  });

  test('of the first version has the request’s instant where it has none; a void without one takes nothing back', () => {
    const row = decided(300, { request: request({ occurred_at_ms: noonMs - 9 }) });
    expect(approvalRecordedIn(row)).toEqual({ at_ms: noonMs - 9, nth: 0, given_at_ms: noonMs - 9, adds_minor: 300 });
    expect(approvalRecordedIn(decided(300))).toBeUndefined();
    expect(approvalRecordedIn(given(300))).toBeUndefined();
  });

  test('of the first version began its authorization where the instant is 0', () => {
    expect(approvalRecordedIn(given(300, { approved_at_ms: 0 }))).toEqual({
      ...{ at_ms: 0, nth: -1, given_at_ms: 0, adds_minor: 300 },
    });
    const stamped = decided(300, { approved_at_ms: 0, request: request({ occurred_at_ms: noonMs }) });
    expect(approvalRecordedIn(stamped)).toMatchObject({ nth: -1, given_at_ms: 0, adds_minor: 300 });
  });

  test('that held nothing is none', () => {
    expect(approvalRecordedIn(decided(0, { approved_at_ms: noonMs }))).toBeUndefined();
    expect(approvalRecordedIn(given(0, { approved_at_ms: noonMs }))).toBeUndefined();
  });
});

test('a void is of an answer in the card’s place by its place, or by its instant in the first version', () => {
  const inPlace = { kind: 'void_in_place', request_key: 'request-1' };
  expect(givenUpIn(given(300)).kind).toBe('void');
  expect(givenUpIn(given(300, { stood_in: { at_ms: noonMs, nth: -1 } }))).toEqual(inPlace);
  expect(givenUpIn(given(300, { stood_in_at_ms: 0 }))).toEqual(inPlace);
});

describe('an answer of 300 in the card’s place, of before it was recorded what it added', () => {
  const message = advice({ request_key: 'request-1', decided_by: 'edge', hold_minor: 300, occurred_at_ms: noonMs });
  const body: Body<'message'> = { kind: 'message', ...ids, message, effect };
  const added = (state: CardState, changes: Partial<Body<'message'>> = {}) =>
    approvalInPlaceRecordedIn(state, { ...body, ...changes }, noonMs + 5);

  test('added all of it where the card had not answered', () => {
    expect(added(newCardState())).toMatchObject({ at_ms: noonMs, nth: -1, adds_minor: 300, approved_minor: 300 });
  });

  test('added nothing where the card had, and all of it where that was given up', () => {
    const state = newCardState();
    state.answers.byCard.set('request-1', 2);
    expect(added(state)).toMatchObject({ adds_minor: 0, approved_minor: 0 });
    state.answers.givenUp.set('request-1', 3);
    expect(added(state)).toMatchObject({ adds_minor: 300, approved_minor: 300 });
  });

  test('is no approval of the edge where the network gave it', () => {
    const network = advice({ request_key: 'request-1', decided_by: 'network', hold_minor: 300 });
    expect(added(newCardState(), { message: network })).toBeUndefined();
  });
});

describe('the books say what a row did', () => {
  const holds = (hold_minor: number, currency = 'USD'): CardState => {
    const state = newCardState();
    setProfile(state, profile());
    const first = { at_ms: noonMs, does: 'adds', minor: hold_minor, nth: -1, heard: 1, heard_ms: noonMs } as const;
    const one: Authorization = {
      ...newAuthorization(ids.authorization_id, noonMs, currency),
      ...{ changes: [first], hold_minor, network_minor: hold_minor, approved_minor: hold_minor },
    };
    setAuthorization(state, 'authorization-1', null, one);
    return state;
  };
  const followed = (state: CardState, booked: number, heldBefore: number, joined?: number) => {
    const other = { authorization_id: ids.authorization_id, released_minor: joined ?? 0 };
    const body = decided(0, {
      effect: { hold_minor: booked, posted_minor: 0 },
      ...(joined === undefined ? {} : { joined: other }),
    });
    followBooks(state, { sequence: 2, at_ms: noonMs + 5, body }, heldBefore);
    return state.authorizations.get('authorization-1');
  };

  test('as today’s rules do: nothing is set', () => {
    expect(followed(holds(50), 50, 0)?.changes).toHaveLength(1);
  });

  test.each([
    ['nothing was held where today 50 would be', 50, 0, 0, 0],
    ['30 were held where today 50 would be', 50, 30, 0, 30],
    ['1 more than today', 50, 51, 0, 51],
    ['20 more on top of 40', 50, 20, 40, 60],
    ['more was released than is held: nothing is', 50, -70, 0, 0],
  ])('%s', (_, holding, booked, before, held) => {
    const state = holds(holding);
    expect(followed(state, booked, before)?.hold_minor).toBe(held);
    expect(state.held_minor).toBe(held);
  });

  test('where two became one, what the other one held is not counted twice', () => {
    expect(followed(holds(50), 50, 40, 40)?.changes).toHaveLength(1);
    expect(followed(holds(50), 45, 40, 40)?.hold_minor).toBe(45);
  });
});
