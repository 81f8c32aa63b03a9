// What a card without a profile answers and does not record.

import { describe, expect, test } from 'vitest';
import { type Answers, newAnswers } from '../../core/card/answers.ts';
import { type CardState, newCardState, setProfile } from '../../core/card/card-state.ts';
import { SampleCard } from '../../core/testing/sample-lives.ts';
import { advice, clearing, expiry, noonMs, profile, refund, request, reversal } from '../../core/testing/samples.ts';
import { releasesNothing, Unrecorded } from './unrecorded.ts';

const asked = (request_key: string) => request({ request_key });
function withProfile(state: CardState): CardState {
  setProfile(state, profile());
  return state;
}
const answered = (more: Partial<Answers>): CardState => ({
  ...newCardState(),
  answers: { ...newAnswers(), ...more },
});
const place = { at_ms: noonMs, nth: 0 };
const stoodIn = { sequence: 3, approved_minor: 5, authorization_key: 'a', place };

describe('a request on a card without a profile', () => {
  test('is declined, and a repeat is answered alike, also when the profile has come meanwhile', () => {
    const unrecorded = new Unrecorded();
    const first = unrecorded.answerTo(asked('r1'), newCardState(), noonMs);
    expect(first).toMatchObject({ outcome: 'decided', decision: { outcome: 'declined', reason: 'card_unknown' } });
    expect(unrecorded.answerTo(asked('r1'), newCardState(), noonMs + 1)).toBe(first);
    expect(unrecorded.answerTo(asked('r1'), withProfile(newCardState()), noonMs + 2)).toBe(first);
    const second = unrecorded.answerTo(asked('r2'), newCardState(), noonMs);
    expect(second).not.toEqual(first);
  });

  test.each<[what: string, state: CardState]>([
    ['answered', answered({ byCard: new Map([['r1', 1]]) })],
    ['given up', answered({ givenUp: new Map([['r1', 1]]) })],
    ['answered for in its place', answered({ inPlace: new Map([['r1', stoodIn]]) })],
  ])('that was %s while the card recorded it is the card’s to answer, and to give up', (_, state) => {
    const unrecorded = new Unrecorded();
    expect(unrecorded.answerTo(asked('r1'), state, noonMs)).toBeNull();
    expect(unrecorded.takesVoid('r1', state)).toBe(false);
    expect(unrecorded.answerTo(asked('r2'), state, noonMs)).not.toBeNull();
    expect(unrecorded.takesVoid('r2', state)).toBe(true);
  });

  test('is the card’s once it has a profile, unless it is remembered', () => {
    const [unrecorded, known] = [new Unrecorded(), withProfile(newCardState())];
    expect(unrecorded.answerTo(asked('r1'), known, noonMs)).toBeNull();
    unrecorded.answerTo(asked('r2'), newCardState(), noonMs);
    expect(unrecorded.answerTo(asked('r1'), known, noonMs)).toBeNull();
    expect(unrecorded.takesVoid('r1', known)).toBe(false);
  });

  test('is declined once it was given up, before or after it came', () => {
    const unrecorded = new Unrecorded();
    const nothing = { outcome: 'declined', reason: 'request_voided', approved_minor: 0, hold_minor: 0, trace: [] };
    expect(unrecorded.takesVoid('r1', newCardState())).toBe(true);
    expect(unrecorded.answerTo(asked('r1'), newCardState(), noonMs)).toMatchObject({ decision: nothing });
    unrecorded.answerTo(asked('r2'), newCardState(), noonMs);
    expect(unrecorded.takesVoid('r2', newCardState())).toBe(true);
    expect(unrecorded.answerTo(asked('r2'), withProfile(newCardState()), noonMs)).toMatchObject({ decision: nothing });
  });

  test('of 200 is remembered, of the 201st the oldest is not any more', () => {
    const unrecorded = new Unrecorded();
    const answers = Array.from({ length: 200 }, (_, one) =>
      unrecorded.answerTo(asked(`r${one}`), newCardState(), noonMs),
    );
    const known = withProfile(newCardState());
    expect(unrecorded.answerTo(asked('r0'), known, noonMs)).toBe(answers[0]);
    unrecorded.answerTo(asked('r200'), newCardState(), noonMs);
    expect(unrecorded.answerTo(asked('r0'), known, noonMs)).toBeNull();
    for (const one of [1, 2, 199]) expect(unrecorded.answerTo(asked(`r${one}`), known, noonMs)).toBe(answers[one]);
  });
});

describe('a release of what nobody here holds', () => {
  const releases = [reversal(), expiry()];
  const others = [clearing(), refund(), advice()];

  test('is a reversal or an expiry on a card without a profile, of an authorization that it does not know', () => {
    const sample = new SampleCard(profile());
    sample.card.receive(advice({ alias_key: 'other' }), noonMs);
    const unknown = { ...sample.card.state, profile: null };
    for (const one of releases) {
      expect(releasesNothing(newCardState(), one)).toBe(true);
      expect(releasesNothing(withProfile(newCardState()), one)).toBe(false);
      expect(releasesNothing(unknown, one)).toBe(false);
      expect(releasesNothing(unknown, { ...one, authorization_key: 'other' })).toBe(false);
      expect(releasesNothing(unknown, { ...one, authorization_key: 'third' })).toBe(true);
    }
    for (const one of others) expect(releasesNothing(newCardState(), one)).toBe(false);
  });
});
