// An object may leave memory between any two calls, and its alarm may run between any two. A card that is evicted at random,
// and loaded from snapshot and log each time, must be the card that never was: here one in memory, which has neither.

import { abortAllDurableObjects, evictDurableObject, runInDurableObject } from 'cloudflare:test';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import type { LimitControl } from '../../contracts/control.ts';
import { limits } from '../../contracts/limits.ts';
import type { CardKey } from '../../contracts/network.ts';
import type { Profile } from '../../contracts/profile.ts';
import { availableMinor, withheldMinor } from '../../core/card/funds.ts';
import { readControls } from '../../core/card/readback.ts';
import {
  advice,
  clearing,
  expiry,
  limitPerDay,
  merchant,
  profile,
  refund,
  request,
  reversal,
} from '../../core/testing/samples.ts';
import { MemoryCard } from '../testing/memory-card.ts';
import { ask, cardAt, newCardKey, standing } from '../testing/sample-card.ts';
import { CardSnapshot } from './card-snapshot.ts';

// A graceful eviction waits for the timer that publishes. A snapshot with every alarm: what follows it differs each time.
Object.assign(limits, { publishDelayMs: 5, snapshotRowsMin: 0, snapshotEntriesPerRowMax: Number.POSITIVE_INFINITY });

/** One clock for both cards, which stands unless a step moves it: ahead, so that no alarm runs but by a step. */
const startMs = Date.UTC(2100, 2, 10);
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

type Step =
  | { readonly do: 'authorize'; readonly request: AuthorizationRequest; readonly late: boolean }
  | { readonly do: 'receive'; readonly message: CardMessage }
  | { readonly do: 'void'; readonly requestKey: string }
  | { readonly do: 'putProfile'; readonly profile: Profile }
  | { readonly do: 'wait'; readonly hours: number }
  | { readonly do: 'alarm' };

// Few keys, so that steps meet: repeats, conflicts, messages of one life, voids of what was approved.
const amount_minor = fc.integer({ min: 0, max: 1_000 });
const authorization_key = fc.constantFrom('a', 'b', 'c');
const message_key = fc.constantFrom('m1', 'm2', 'm3', 'm4', 'm5', 'm6');
const request_key = fc.constantFrom('r1', 'r2', 'r3', 'r4', 'r5', 'r6');
const linked = { message_key, authorization_key, alias_key: fc.constantFrom('a', 'x', 'y') };
const asked = fc.record(
  {
    request_key,
    authorization_key,
    alias_key: fc.constantFrom('b', 'x'),
    amount_minor,
    kind: fc.constantFrom('authorization', 'incremental'),
    merchant: fc.constantFrom('5411', '7011').map(merchant),
  },
  { requiredKeys: ['request_key', 'authorization_key', 'amount_minor'] },
);
const required: { requiredKeys: ('message_key' | 'authorization_key')[] } = {
  requiredKeys: ['message_key', 'authorization_key'],
};
const message = fc.oneof(
  fc.record({ ...linked, amount_minor, final: fc.boolean() }, required).map(clearing),
  fc.record({ ...linked, amount_minor: fc.option(amount_minor) }, required).map(reversal),
  fc.record({ ...linked, amount_minor }, required).map(refund),
  fc.record({ ...linked, hold_minor: amount_minor, request_key }, required).map(advice),
  fc.record(linked, required).map(expiry),
);

const windows: LimitControl['window'][] = [
  { per: 'week', starts_on: 'sunday', time_zone: 'America/New_York' },
  { per: 'lifetime' },
  { per: 'rolling', seconds: 90 * 24 * 3_600 },
  { per: 'rolling', seconds: 3_600 },
];
const limit = fc
  .record({ most: amount_minor, window: fc.constantFrom(...windows), refunds_give_back: fc.boolean() })
  .map(({ most, ...changes }) => limitPerDay(2 * most, { control_id: 'another', count: 4, ...changes }));
const nextProfile = fc
  .record({
    version: fc.integer({ min: 1, max: 4 }),
    funds_minor: fc.option(amount_minor),
    partial_approval: fc.boolean(),
    controls: fc.tuple(
      limit,
      amount_minor.map((most) => limitPerDay(most)),
    ),
  })
  .map(profile);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: asked
      .map((changes) => request(changes))
      .chain((request) =>
        fc.record({
          do: fc.constant('authorize'),
          request: fc.constant(request),
          late: fc.constantFrom(false, false, false, true),
        }),
      ),
  },
  { weight: 5, arbitrary: message.map((message) => ({ do: 'receive', message }) as const) },
  { weight: 1, arbitrary: request_key.map((requestKey) => ({ do: 'void', requestKey }) as const) },
  { weight: 2, arbitrary: nextProfile.map((profile) => ({ do: 'putProfile', profile }) as const) },
  { weight: 3, arbitrary: fc.constantFrom(1, 12, 8 * 24, 36 * 24).map((hours) => ({ do: 'wait', hours }) as const) },
  { weight: 3, arbitrary: fc.constant({ do: 'alarm' } as const) },
);

/**
 * The pending alarm goes off now, as if it had been set for now: one that is as late as the clock was moved would not make the
 * object believe that clock. False where none is pending: where nothing ever happened, or where all of it is past.
 */
async function alarmOfBoth(key: CardKey, memory: MemoryCard): Promise<boolean> {
  const hasRun = await runInDurableObject(cardAt(key), async (card, { storage }) => {
    if ((await storage.getAlarm()) === null) return false;
    await storage.deleteAlarm();
    await card.alarm({ isRetry: false, retryCount: 0, scheduledTime: Date.now() });
    return true;
  });
  if (hasRun) memory.keepUp(Date.now());
  return hasRun;
}

async function take(step: Step, key: CardKey, memory: MemoryCard): Promise<[unknown, unknown]> {
  const { card } = memory;
  const object = cardAt(key);
  const nowMs = Date.now();
  switch (step.do) {
    case 'authorize': {
      const deadlineMs = step.late ? nowMs - 1 : nowMs;
      return [await ask(object, step.request, deadlineMs), card.authorize(step.request, nowMs, deadlineMs)];
    }
    case 'receive':
      return [await object.receive(step.message), card.receive(step.message, nowMs)];
    case 'void':
      return [await object.void(step.requestKey), card.void(step.requestKey, nowMs)];
    case 'putProfile':
      return [await object.putProfile(step.profile), card.putProfile(step.profile, nowMs)];
    case 'wait':
      vi.setSystemTime(nowMs + step.hours * 3_600_000);
      return [null, null];
    case 'alarm':
      await alarmOfBoth(key, memory);
      return [null, null];
  }
}

const evictions = {
  none: () => Promise.resolve(),
  graceful: async (key: CardKey) => {
    // One that is not there cannot be evicted.
    await cardAt(key).read();
    await evictDurableObject(cardAt(key));
  },
  abort: () => abortAllDurableObjects(),
};
const eviction = fc.constantFrom('none', 'none', 'graceful', 'abort');

/** Ids are random: they become the order in which they appear. */
function comparable(value: unknown): unknown {
  const ids = new Map<string, number>();
  const numbered = JSON.stringify(value).replaceAll(/(?:auth|evt)_\w{26}/g, (id) => {
    ids.set(id, ids.get(id) ?? ids.size);
    return `id ${ids.get(id)}`;
  });
  return JSON.parse(numbered);
}

async function seenOfObject(key: CardKey): Promise<unknown> {
  const { controls } = await cardAt(key).readControls();
  const { events } = await cardAt(key).eventsAfter(0);
  return { ...(await standing(key)), controls, events };
}

function seenOfMemory({ card, log }: MemoryCard): unknown {
  const { state } = card;
  return {
    profile: state.profile,
    held_minor: state.held_minor,
    posted_minor: state.posted_minor,
    available_minor: availableMinor(state),
    withheld_minor: withheldMinor(state),
    open_authorizations: [...state.authorizations.values()].filter(({ hold_minor }) => hold_minor > 0).length,
    last_sequence: card.sequence,
    fenced_since_ms: null,
    controls: readControls(state, card.now(Date.now())),
    events: log.map(({ sequence, at_ms, body }) => ({ sequence, at_ms, ...body })),
  };
}

test('evictions and alarms between any two steps change no answer, no state and no event', async () => {
  const lives = fc.array(fc.record({ step, eviction }), { minLength: 1, maxLength: 25 });
  await fc.assert(
    fc.asyncProperty(lives, async (life) => {
      vi.setSystemTime(startMs);
      const key = newCardKey();
      const memory = new MemoryCard();
      // Without a profile an object records only what moves money, which is the object's own matter.
      await take({ do: 'putProfile', profile: profile() }, key, memory);
      const answers: { object: unknown[]; memory: unknown[] } = { object: [], memory: [] };
      for (const { step, eviction } of life) {
        const [object, inMemory] = await take(step, key, memory);
        answers.object.push(object);
        answers.memory.push(inMemory);
        await evictions[eviction](key);
      }
      expect(comparable([answers.object, await seenOfObject(key)])).toEqual(
        comparable([answers.memory, seenOfMemory(memory)]),
      );
      if (!(await alarmOfBoth(key, memory))) return;
      const stored = await runInDurableObject(cardAt(key), (_, { storage }) => new CardSnapshot(storage.sql).read());
      const { rows_from: _, ...folded } = { ...stored };
      expect(comparable(folded)).toEqual(comparable(memory.card.snapshot()));
    }),
    { numRuns: 50 },
  );
}, 60_000);
