// Random profiles: any number of controls of every kind, with attributes that often match, and changes from one to the next.

import { channels, entryModes, threeDSecureResults } from '../../contracts/authorization-request.ts';
import type { AppliesTo, Control, LimitControl } from '../../contracts/control.ts';
import type { Profile } from '../../contracts/profile.ts';
import type { Draw } from './draw.ts';
import { weekdays } from './local-calendar.ts';
import type { World } from './world.ts';

const dayMs = 86_400_000;
export const cardCurrency = 'EUR';

export class ProfileMaker {
  readonly #draw: Draw;
  readonly #world: World;
  #names = 0;

  constructor(draw: Draw, world: World) {
    this.#draw = draw;
    this.#world = world;
  }

  first(nowMs: number): Profile {
    const draw = this.#draw;
    return {
      card_id: `card_${'0'.repeat(26)}`,
      account_id: `acct_${'0'.repeat(26)}`,
      version: draw.between(1, 3),
      status: draw.chance(0.98) ? 'active' : 'frozen',
      currency: cardCurrency,
      expires_at_ms: draw.chance(0.15) ? nowMs + draw.between(5, 200) * dayMs : null,
      funds_minor: draw.chance(0.5) ? draw.between(10_000, 1_500_000) : null,
      single_use: draw.chance(0.015),
      partial_approval: draw.chance(0.5),
      hold_days: draw.chance(0.5) ? draw.between(1, 31) : null,
      controls: this.#controls(draw.pick([0, 1, 2, 3, 4, 6])),
    };
  }

  /** Mostly a newer one; sometimes an older one, or another of the same version, which the card must not take. */
  change(before: Profile, nowMs: number): Profile {
    const draw = this.#draw;
    const kind = draw.below(10);
    if (kind === 0) return { ...before, version: Math.max(1, before.version - 1), status: 'closed' };
    if (kind === 1) return { ...before, status: draw.pick(['active', 'closed']) };
    if (before.status !== 'active' && draw.chance(0.8))
      return { ...before, version: before.version + 1, status: 'active' };
    return this.#next(before, nowMs);
  }

  /** Newer by some versions, and in some way another. */
  #next(before: Profile, nowMs: number): Profile {
    const draw = this.#draw;
    const { funds_minor } = before;
    const changed = before.controls.map((control) => (draw.chance(0.3) ? this.#changed(control) : control));
    const kept = changed.filter(() => draw.chance(0.85));
    return {
      ...before,
      version: before.version + draw.between(1, 3),
      status: draw.pick([...Array(12).fill('active'), 'frozen', 'closed']) as Profile['status'],
      expires_at_ms: before.expires_at_ms !== null && before.expires_at_ms > nowMs ? before.expires_at_ms : null,
      funds_minor: funds_minor === null ? null : funds_minor + draw.between(0, 200_000),
      single_use: before.single_use && draw.chance(0.3),
      partial_approval: draw.chance(0.5),
      hold_days: draw.chance(0.5) ? draw.between(1, 31) : null,
      controls: [...kept, ...this.#controls(draw.pick([0, 0, 1, 1]))].slice(0, 7),
    };
  }

  #controls(count: number): Control[] {
    return Array.from({ length: count }, () => this.#control());
  }

  #changed(control: Control): Control {
    const draw = this.#draw;
    if (control.does !== 'limit' || draw.chance(0.2)) {
      return { ...control, mode: control.mode === 'enforce' ? 'shadow' : 'enforce' };
    }
    const { amount_minor: _, count: __, ...rest } = control;
    return { ...rest, ...this.#measure(control.window.per === 'transaction') };
  }

  #control(): Control {
    const draw = this.#draw;
    this.#names++;
    const control_id = `control-${this.#names}`;
    const mode = draw.chance(0.85) ? 'enforce' : 'shadow';
    const common = { control_id, mode } as const;
    const kind = draw.below(100);
    if (kind < 60) return this.#limit(common);
    if (kind < 68) return { ...common, applies_to: this.#appliesTo('narrow'), does: 'block' };
    if (kind < 76) return { ...common, applies_to: this.#appliesTo('wide'), does: 'allow_only' };
    if (kind < 86) {
      const accept = draw.some(threeDSecureResults, 3);
      return {
        ...common,
        applies_to: this.#sometimes(),
        does: 'require_authentication',
        accept,
        above_minor: draw.pick([0, 2_000, 9_000]),
      };
    }
    return { ...common, applies_to: this.#sometimes(), does: 'adjust_hold', ...this.#adjustment() };
  }

  #adjustment(): { percent?: number; add_minor?: number; at_least_minor?: number; cap_minor?: number } {
    const draw = this.#draw;
    const cap = draw.chance(0.4) ? { cap_minor: 20_000 } : {};
    return draw.pick([
      { percent: draw.between(1, 120), ...cap },
      { add_minor: draw.between(1, 5_000), ...cap },
      { at_least_minor: draw.between(1, 15_000), ...cap },
      { percent: 20, add_minor: 7, at_least_minor: 100, ...cap },
    ]);
  }

  #limit(common: { control_id: string; mode: 'enforce' | 'shadow' }): LimitControl {
    const draw = this.#draw;
    const window = draw.pick(this.#world.windows);
    const measure = this.#measure(window.per === 'transaction');
    const refunds_give_back = draw.chance(0.3);
    return { ...common, applies_to: this.#sometimes(), does: 'limit', ...measure, window, refunds_give_back };
  }

  #measure(ofOne: boolean): { amount_minor?: number; count?: number } {
    const draw = this.#draw;
    const amount_minor = draw.pick([
      draw.between(0, 20_000),
      draw.between(5_000, 90_000),
      draw.between(20_000, 400_000),
    ]);
    if (ofOne) return { amount_minor };
    return draw.pick([{ amount_minor }, { amount_minor, count: draw.between(1, 12) }, { count: draw.between(1, 12) }]);
  }

  #sometimes(): AppliesTo {
    return this.#draw.chance(0.5) ? {} : this.#appliesTo('any');
  }

  /** One attribute or two. `narrow` matches seldom, `wide` often. */
  #appliesTo(width: 'narrow' | 'wide' | 'any'): AppliesTo {
    const draw = this.#draw;
    const wide = width === 'any' ? draw.chance(0.5) : width === 'wide';
    const attributes = [
      'category',
      'merchant',
      'merchant_name',
      'country',
      'currency',
      'channel',
      'entry_mode',
    ] as const;
    const more = ['presence', 'day_of_week', 'time_of_day', 'date', 'risk_score'] as const;
    const one = draw.pick<Attribute>([...attributes, ...more]);
    const other = draw.chance(0.3) ? draw.pick<Attribute>([...attributes, ...more]) : one;
    const applies: AppliesTo = {
      ...this.#attribute(one, wide),
      ...(other === one ? {} : this.#attribute(other, wide)),
    };
    const isTimed = applies.day_of_week ?? applies.time_of_day ?? applies.date;
    return isTimed === undefined ? applies : { ...applies, time_zone: draw.pick(this.#world.zones) };
  }

  #attribute(attribute: Attribute, wide: boolean): AppliesTo {
    const draw = this.#draw;
    const lists = <T>(values: readonly T[]) => {
      const few = draw.some(values, 2);
      return wide ? { none_of: few } : { any_of: few };
    };
    switch (attribute) {
      case 'category':
        return { category: lists(['5411', '5812', '7995', '3000-3600', '5500-5599', '7011', '4000-7000']) };
      case 'merchant':
        return { merchant: lists(['merchant-0', 'merchant-1', 'merchant-2', 'merchant-3']) };
      case 'merchant_name':
        return { merchant_name: lists(['green*', '*hotel', '*or*', 'FUEL (NORTH) *', 'a.b', 'night bus', '*a*b*']) };
      case 'country':
        return { country: lists(['US', 'DE', 'JP', 'BR']) };
      case 'currency':
        return { currency: lists(['EUR', 'USD', 'JPY']) };
      case 'channel':
        return { channel: lists(channels) };
      case 'entry_mode':
        return { entry_mode: lists(entryModes) };
      case 'presence':
        return { presence: { [wide ? 'none_of' : 'any_of']: [draw.pick(['present', 'not_present'])] } };
      case 'day_of_week':
        return { day_of_week: lists(weekdays) };
      case 'time_of_day':
        return {
          time_of_day: lists([
            { from: '09:00', until: '17:30' },
            { from: '22:00', until: '06:15' },
            { from: '00:00', until: '03:00' },
          ]),
        };
      case 'date':
        // One range: two might leave no day at all, which a profile may not say.
        return { date: { [wide ? 'none_of' : 'any_of']: [draw.pick(this.#dates())] } };
      case 'risk_score':
        return { risk_score: { at_least: wide ? 20 : 70 } };
    }
  }

  #dates(): ({ from: string } | { until: string } | { from: string; until: string })[] {
    const draw = this.#draw;
    const date = (atMs: number) => new Date(atMs).toISOString().slice(0, 10);
    const [one, other] = [draw.pick(this.#world.moments), draw.pick(this.#world.moments)];
    return [
      { from: date(one) },
      { until: date(one) },
      { from: date(Math.min(one, other)), until: date(Math.max(one, other)) },
    ];
  }
}

type Attribute = Exclude<keyof AppliesTo, 'time_zone'>;
