// A card with a past that was stored and read back, and forgotten where it is too old, decides as one that remembers all.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LimitControl } from '../../contracts/control.ts';
import { drawsPerTurn, profileOf, SampleCard, type Turn, turnOf } from '../testing/sample-lives.ts';
import { clearing, hourMs, limitPerDay, noonMs, profile, refund, request } from '../testing/samples.ts';
import type { CardState } from './card-state.ts';
import { readControls } from './readback.ts';
import { readSnapshot, type Snapshot, snapshotOf, stateFrom } from './snapshot.ts';

const dayMs = 24 * hourMs;
/** Longer than the sample lives name any key: eight turns, of sixty hours at most. */
const retentionMs = 21 * dayMs;

/** Milliseconds after which a failure is no longer made smaller. */
const interruptAfterTimeLimit = 20_000;

const draws = fc.array(fc.nat(999), { minLength: drawsPerTurn, maxLength: drawsPerTurn });
const lives = fc.array(draws, { maxLength: 80, size: 'max' });

function stored(snapshot: Snapshot): Snapshot {
  return JSON.parse(JSON.stringify(snapshot));
}

/** What can be told from outside. */
function sums({ held_minor, posted_minor, uses }: CardState) {
  return { held_minor, posted_minor, uses };
}

function forgetOld(sample: SampleCard): void {
  const beforeMs = sample.clockMs - retentionMs;
  const firstSequence = sample.log.find(({ at_ms }) => at_ms >= beforeMs)?.sequence ?? sample.log.length + 1;
  sample.card.forget({ firstSequence, beforeMs }, sample.clockMs);
}

/** The same turns for a card that forgets and is stored between them, and for one that never does. */
function liveTwice(
  turns: readonly Turn[],
  first: ReturnType<typeof profile>,
  between: (sample: SampleCard, index: number) => void,
): void {
  const remembers = new SampleCard(first);
  const other = new SampleCard(first);
  for (const [index, turn] of turns.entries()) {
    between(other, index);
    expect(other.take(turn)).toEqual(remembers.take(turn));
    expect(sums(other.card.state)).toEqual(sums(remembers.card.state));
    const [one, two] = [other, remembers].map(({ card, clockMs }) => readControls(card.state, clockMs));
    expect(one).toEqual(two);
  }
  expect(other.log).toEqual(remembers.log);
}

describe('a card that is stored and read back at any time', () => {
  test('answers, counts and records as one that never was', () => {
    fc.assert(
      fc.property(lives, fc.infiniteStream(fc.nat(5)), (turns, chances) => {
        const asTurns = turns.map((drawn, index) => turnOf(drawn, index));
        let snapshot: Snapshot | null = null;
        liveTwice(asTurns, profileOf(turns[0] ?? [], 1), (sample) => {
          const chance = chances.next().value;
          if (chance === 0) snapshot = stored(sample.card.snapshot());
          // A crash: what is in memory is gone, and rows have come since the last snapshot.
          if (chance <= 1) sample.reload(snapshot);
        });
      }),
      { numRuns: 50, interruptAfterTimeLimit },
    );
  });

  test('is stored the same again', () => {
    fc.assert(
      fc.property(lives, (turns) => {
        const sample = new SampleCard(profileOf(turns[0] ?? [], 1));
        for (const [index, drawn] of turns.entries()) {
          if (index % 20 === 19) forgetOld(sample);
          sample.take(turnOf(drawn, index));
        }
        const once = stored(sample.card.snapshot());
        expect(stored(snapshotOf(stateFrom(once), once.sequence, once.at_ms))).toEqual(once);
      }),
      { numRuns: 50 },
    );
  });

  test('without any past is a new card', () => {
    const { state } = new SampleCard(profile()).card;
    const empty = stateFrom(stored(snapshotOf({ ...state, profile: null }, 0, 0)));
    expect(empty).toMatchObject({
      profile: null,
      controls: [],
      held_minor: 0,
      next_expiry_ms: Number.POSITIVE_INFINITY,
    });
  });
});

describe('a card that forgets what is too old', () => {
  test('answers, counts and records as one that remembers, while its profile stays', () => {
    fc.assert(
      fc.property(lives, fc.infiniteStream(fc.nat(7)), (turns, chances) => {
        const asTurns = turns.map((drawn, index) => turnOf(drawn, index, false));
        liveTwice(asTurns, profileOf(turns[0] ?? [], 1), (sample) => {
          const chance = chances.next().value;
          if (chance <= 1) forgetOld(sample);
          if (chance === 0) sample.reload(stored(sample.card.snapshot()));
        });
      }),
      { numRuns: 80, interruptAfterTimeLimit },
    );
  });

  const keyed = (number: number) => ({ request_key: `r${number}`, authorization_key: `a${number}` });
  const ask = (sample: SampleCard, number: number, amount_minor: number) => {
    const answer = sample.card.authorize(request({ ...keyed(number), amount_minor }), sample.clockMs);
    return answer.outcome === 'decided' ? answer.decision.reason : answer.field;
  };
  const clear = (sample: SampleCard, number: number, amount_minor: number) =>
    sample.card.receive(
      clearing({ message_key: `m${number}`, authorization_key: `a${number}`, amount_minor }),
      sample.clockMs,
    );

  test('holds no more lives, keys and aliases of what is over', () => {
    const sample = new SampleCard(profile());
    ask(sample, 1, 500);
    ask(sample, 2, 500);
    clear(sample, 1, 500);
    sample.card.void('never-came', sample.clockMs);
    sample.card.receive(refund({ message_key: 'm9', authorization_key: 'a1', alias_key: 'old' }), sample.clockMs);
    sample.clockMs += 40 * dayMs;
    ask(sample, 3, 500);
    forgetOld(sample);
    const { state } = sample.card;
    // The second purchase is still held: nobody has cleared it, and no alarm has come.
    expect([...state.authorizations.keys()]).toEqual(['a2', 'a3']);
    expect([...state.answers.byCard.keys()]).toEqual(['r3']);
    expect([state.aliases.size, state.answers.givenUp.size, state.received.size, state.answers.inPlace.size]).toEqual([
      0, 0, 0, 0,
    ]);
    expect(sums(state)).toEqual({ held_minor: 1_000, posted_minor: 0, uses: 3 });
  });

  const year: LimitControl = limitPerDay(1_000, { window: { per: 'year', time_zone: 'UTC' } });

  test('keeps what limits have counted, for a limit of another amount and name too', () => {
    const sample = new SampleCard(profile({ controls: [year] }));
    ask(sample, 1, 600);
    clear(sample, 1, 600);
    sample.clockMs += 40 * dayMs;
    forgetOld(sample);
    expect(sample.card.state.authorizations.size).toBe(0);
    sample.card.putProfile(
      profile({ version: 2, controls: [{ ...year, control_id: 'more', amount_minor: 2_000 }] }),
      sample.clockMs,
    );
    sample.reload(stored(sample.card.snapshot()));
    expect(ask(sample, 2, 1_401)).toBe('exceeds_amount_in_window');
    expect(ask(sample, 3, 1_400)).toBeNull();
  });

  test('and what a limit that is new then never counted, it cannot know', () => {
    const sample = new SampleCard(profile({ controls: [year] }));
    ask(sample, 1, 600);
    clear(sample, 1, 600);
    sample.clockMs += 40 * dayMs;
    forgetOld(sample);
    const elsewhere = { ...year, control_id: 'ever', window: { per: 'lifetime' } } as const;
    sample.card.putProfile(profile({ version: 2, controls: [elsewhere] }), sample.clockMs);
    expect(ask(sample, 2, 1_000)).toBeNull();
  });

  test('keeps a life that a rolling window still counts', () => {
    const rolling = limitPerDay(1_000, { window: { per: 'rolling', seconds: (90 * dayMs) / 1_000 } });
    const sample = new SampleCard(profile({ controls: [rolling] }));
    ask(sample, 1, 600);
    clear(sample, 1, 600);
    sample.clockMs = noonMs + 90 * dayMs - 1;
    forgetOld(sample);
    sample.reload(stored(sample.card.snapshot()));
    expect(ask(sample, 2, 401)).toBe('exceeds_amount_in_window');
    sample.clockMs += 1;
    forgetOld(sample);
    expect(ask(sample, 3, 1_000)).toBeNull();
    expect(sample.card.state.authorizations.has('a1')).toBe(false);
  });

  test('has no more windows than it needs', () => {
    const sample = new SampleCard(profile({ controls: [limitPerDay(1_000)] }));
    for (let number = 1; number <= 100; number++) {
      ask(sample, number, 100);
      clear(sample, number, 100);
      sample.clockMs += dayMs;
    }
    forgetOld(sample);
    const [[, kept] = ['', []]] = sample.card.snapshot().kept;
    expect(kept.length).toBeLessThanOrEqual(1);
  });
});

describe('a snapshot', () => {
  const reread = ({ card }: SampleCard) => stateFrom(stored(card.snapshot()));

  test('keeps what was given up: a repeat of its request holds nothing and is declined', () => {
    const sample = new SampleCard(profile());
    sample.card.authorize(request(), noonMs);
    sample.card.void('request-1', noonMs + 1);
    sample.reload(stored(sample.card.snapshot()));
    expect(sample.card.authorize(request(), noonMs + 2)).toMatchObject({ decision: { reason: 'request_voided' } });
    sample.card.void('request-2', noonMs + 3);
    sample.reload(stored(sample.card.snapshot()));
    const late = request({ request_key: 'request-2', authorization_key: 'a2' });
    expect(sample.card.authorize(late, noonMs + 4)).toMatchObject({ decision: { reason: 'request_voided' } });
  });

  test('says when the next hold lapses, and be it of one unit, and of none where nothing is held', () => {
    const sample = new SampleCard(profile());
    sample.card.receive(clearing(), noonMs);
    sample.card.authorize(request({ request_key: 'r2', authorization_key: 'a2', amount_minor: 1 }), noonMs);
    expect(reread(sample)).toMatchObject({ held_minor: 1, next_expiry_ms: noonMs + 7 * dayMs });
    sample.card.receive(clearing({ message_key: 'm2', authorization_key: 'a2', amount_minor: 1 }), noonMs + 1);
    expect(reread(sample)).toMatchObject({ held_minor: 0, next_expiry_ms: Number.POSITIVE_INFINITY });
  });

  test('of a version that nobody knows is refused, not guessed at', () => {
    expect(() => readSnapshot('{"version":3}')).toThrow('a snapshot of version 3 is of a newer release');
  });
});
