// Decisions a second on one core: `decide` alone, in this process, on a card with controls of every kind and a history.

import type { AuthorizationRequest } from '../contracts/authorization-request.ts';
import { type Control, controlsSchema } from '../contracts/control.ts';
import { apply } from '../core/card/apply.ts';
import { type CardState, newCardState, setProfile } from '../core/card/card-state.ts';
import { decide } from '../core/card/decide.ts';
import { find } from '../core/card/found.ts';
import { receiveRequest } from '../core/card/request.ts';
import { countingIds, noonMs, profile, request } from '../core/testing/samples.ts';
import { median, rounded } from './statistics.ts';

const rounds = 5;
const roundMs = 1_000;
const historyLength = 200;
/** Requests that the decisions take turns with: other amounts, merchants, channels, countries. */
const variety = 64;

export function measureDecisions(progress: (line: string) => void) {
  const figures = [20, 200].map((controls) => {
    const { perSecond, approved, declined } = measure(controls);
    progress(`decide with ${controls} controls: ${perSecond}/s, ${approved} approved, ${declined} declined`);
    return [controls, perSecond, approved > 0 && declined > 0] as const;
  });
  const [few, many] = figures;
  return {
    decision: {
      per_s_with_20_controls: few?.[1] ?? 0,
      per_s_with_200_controls: many?.[1] ?? 0,
      // A benchmark that always gets the same answer measures something else.
      errors: figures.filter(([, , mixed]) => !mixed).length,
    },
  };
}

function measure(controls: number): { perSecond: number; approved: number; declined: number } {
  const state = cardWith(controls);
  // Which authorization a request is of is found by whoever receives it, and once for deciding and recording.
  const requests = Array.from({ length: variety }, (_, index) => {
    const one = variant(index);
    return { one, found: find(state, one, { authorization_id: 'auth_' }, noonMs) };
  });
  let [approved, declined] = [0, 0];
  const rates: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    let decisions = 0;
    const startMs = performance.now();
    while (performance.now() - startMs < roundMs) {
      for (const { one, found } of requests) {
        const { decision } = decide(state, one, found, noonMs + historyLength * 1_000 + decisions);
        if (decision.outcome === 'approved') approved++;
        else declined++;
        decisions++;
      }
    }
    // The first round compiles.
    if (round > 0) rates.push((decisions * 1_000) / (performance.now() - startMs));
  }
  return { perSecond: rounded(median(rates), 0), approved, declined };
}

function cardWith(controls: number): CardState {
  const state = newCardState();
  setProfile(state, profile({ funds_minor: 1_000_000_000, controls: mixedControls(controls) }));
  const ids = countingIds();
  for (let index = 0; index < historyLength; index++) {
    const asked = { ...variant(index), request_key: `past-${index}`, authorization_key: `past-${index}` };
    const hearing = { sequence: index + 1, at_ms: noonMs + index * 1_000 };
    const { event_id, ...fresh } = ids();
    const found = find(state, asked, fresh, hearing.at_ms);
    const body = receiveRequest(state, asked, found, event_id, hearing);
    apply(state, { ...hearing, body }, found);
  }
  return state;
}

function variant(index: number): AuthorizationRequest {
  const categories = ['5411', '5812', '5541', '3001', '7011', '4121', '5999', '7995'];
  const countries = ['US', 'DE', 'GB', 'FR'];
  const category = categories[index % categories.length] ?? '5411';
  return request({
    request_key: `request-${index}`,
    authorization_key: `authorization-${index}`,
    amount_minor: 100 + 37 * index,
    merchant: {
      id: `merchant-${index % 16}`,
      name: `SQ *SHOP NUMBER ${index % 16} SPRINGFIELD`,
      category,
      country: countries[index % countries.length] ?? 'US',
    },
    channel: index % 3 === 0 ? 'ecommerce' : 'pos',
    entry_mode: index % 3 === 0 ? 'manual' : 'chip',
    card_present: index % 3 !== 0,
    three_d_secure: index % 6 === 0 ? 'authenticated' : 'not_done',
    risk_score: index % 100,
  });
}

/** Every kind of control, attribute and window, in turn; each as an issuer might set it. */
function mixedControls(count: number): Control[] {
  const time_zone = 'America/New_York';
  const wide = { amount_minor: 900_000_000, mode: 'enforce', does: 'limit' };
  const kinds: readonly Record<string, unknown>[] = [
    { does: 'limit', amount_minor: 1_000_000, window: { per: 'transaction' } },
    { ...wide, window: { per: 'day', time_zone } },
    { ...wide, count: 100_000, window: { per: 'week', starts_on: 'sunday', time_zone } },
    { ...wide, window: { per: 'month', starts_on: 15, time_zone: 'Europe/Berlin' } },
    { ...wide, window: { per: 'year', time_zone } },
    { ...wide, window: { per: 'lifetime' } },
    { ...wide, count: 50_000, window: { per: 'rolling', seconds: 86_400 } },
    { ...wide, applies_to: { category: { any_of: ['5811-5814', '5411'] } }, window: { per: 'day', time_zone } },
    { ...wide, applies_to: { country: { none_of: ['US'] } }, window: { per: 'month', time_zone } },
    { does: 'block', applies_to: { category: { any_of: ['7995', '7800-7802', '9754'] } } },
    { does: 'block', applies_to: { country: { any_of: ['KP', 'IR', 'SY'] } } },
    { does: 'block', applies_to: { merchant_name: { any_of: ['*CASINO*', 'BET*'] } } },
    { does: 'block', applies_to: { merchant: { any_of: ['merchant-99', 'merchant-98'] } } },
    { does: 'block', applies_to: { risk_score: { at_least: 95 } } },
    { does: 'allow_only', applies_to: { currency: { any_of: ['USD', 'EUR'] } } },
    { does: 'allow_only', applies_to: { channel: { any_of: ['pos', 'ecommerce'] } } },
    { does: 'allow_only', applies_to: { day_of_week: { none_of: ['sunday'] }, time_zone } },
    { does: 'allow_only', applies_to: { time_of_day: { any_of: [{ from: '06:00', until: '23:00' }] }, time_zone } },
    {
      does: 'require_authentication',
      above_minor: 2_000,
      applies_to: { channel: { any_of: ['ecommerce'] }, presence: { any_of: ['not_present'] } },
    },
    { does: 'adjust_hold', percent: 20, applies_to: { category: { any_of: ['5812'] } } },
  ];
  const made = Array.from({ length: count }, (_, index) => {
    const kind = kinds[index % kinds.length] ?? {};
    if (index < kinds.length) return { ...kind, control_id: `control-${index}` };
    // Every tenth is in shadow. Each names a merchant of its own, so that no two limits share what they count.
    const mode = index % 10 === 0 ? 'shadow' : 'enforce';
    const applies_to = { merchant: { none_of: [`merchant-of-${index}`] }, ...(kind['applies_to'] as object) };
    return { ...kind, applies_to, mode, control_id: `control-${index}` };
  });
  return controlsSchema.parse(made);
}
