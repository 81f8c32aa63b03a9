// What a run has seen: counts, and which reasons, controls, windows and turns of a life occurred at all.

import type { Decision } from '../../contracts/decision.ts';
import { declineReasons } from '../../contracts/decline-reasons.ts';
import type { Profile } from '../../contracts/profile.ts';

const controlKinds = ['block', 'allow_only', 'limit', 'require_authentication', 'adjust_hold'] as const;
const windowKinds = ['transaction', 'day', 'week', 'month', 'year', 'lifetime', 'rolling'] as const;
/** The rows of the domain's table of a life, and what else a network does to a card. */
const turns = [
  'approved_full',
  'approved_partial',
  'incremental',
  'hold_adjusted',
  'lacks_funds',
  'lacks_funds_for_a_part',
  'advice',
  'stand_in_by_network',
  'stand_in_by_edge',
  'against_the_rules',
  'overdrawn',
  'reversal_partial',
  'reversal_full',
  'expiry_by_card',
  'expiry_by_network',
  'clearing_partial',
  'clearing_final',
  'clearing_above_hold',
  'clearing_without_authorization',
  'clearing_after_expiry',
  'refund_linked',
  'refund_unlinked',
  'refund_withheld',
  'refund_released',
  'forgotten_refund_released',
  'void_of_approval',
  'void_before_request',
  'void_of_stand_in',
  'request_after_deadline',
  'account_verification',
  'balance_inquiry',
  'told_before_asked',
  'names_joined',
  'approvals_joined',
  'other_currency',
  'repeated_request',
  'repeated_message',
  'conflicting_repeat',
  'lost_reply',
  'lost_row',
  'set_back',
  'told_again',
  'profile_stored',
  'profile_older',
  'profile_same_version',
  'lives_trimmed',
  'clock_stepped_back',
  'clock_days_ahead',
  'clock_days_behind',
  'clock_followed_back',
  'network_clock_days_ahead',
  'network_clock_days_behind',
  'text_too_long',
  'text_control_characters',
  'text_nul',
  'text_lone_surrogate',
  'text_combining_marks',
  'text_full_width',
  'text_padded',
  'text_other_case',
  'text_unseen',
  'text_card_number',
  'name_unreadable',
  'merchant_id_unreadable',
  'category_unreadable',
  'category_otherwise',
  'country_unknown',
  'country_otherwise',
  'queue_away',
  'message_taken_unsaid',
  'process_died_sending',
  'unsent_beyond_memory',
] as const;
export type Turn = (typeof turns)[number];

const dayMs = 86_400_000;
const digestStart = 0x811c9dc5;
const summed = [
  ...([
    'decisions',
    'approved',
    'declined',
    'messages',
    'repeats',
    'crashes',
    'evictions',
    'snapshots',
    'trims',
  ] as const),
  ...(['cards', 'full_folds', 'orders_tried', 'card_days'] as const),
] as const;

/** What there is of a tally on the other side of a thread. */
export type TallyFigures = Pick<
  Tally,
  (typeof summed)[number] | 'digest' | 'firstMs' | 'lastMs' | 'reasons' | 'controls' | 'windows' | 'turns'
>;

export class Tally {
  decisions = 0;
  approved = 0;
  declined = 0;
  messages = 0;
  repeats = 0;
  crashes = 0;
  evictions = 0;
  snapshots = 0;
  trims = 0;
  cards = 0;
  full_folds = 0;
  orders_tried = 0;
  card_days = 0;
  firstMs = Number.POSITIVE_INFINITY;
  lastMs = 0;
  /** Of the cards that are done: the same in whatever order, by however many threads. */
  digest = 0;
  #ofCard = digestStart;
  readonly reasons = zeros(declineReasons);
  readonly controls = zeros(controlKinds);
  readonly windows = zeros(windowKinds);
  readonly turns = zeros(turns);

  count(turn: Turn): void {
    this.turns[turn]++;
  }

  /** Two runs of one seed have the same digest. */
  digestOf(value: number): void {
    this.#ofCard = Math.imul(this.#ofCard ^ (value | 0), 0x01000193);
  }

  endCard(): void {
    this.digest = (this.digest + this.#ofCard) | 0;
    this.#ofCard = digestStart;
  }

  /** A card was simulated from one instant to another. */
  lived(fromMs: number, untilMs: number): void {
    this.cards++;
    this.card_days += (untilMs - fromMs) / dayMs;
    this.firstMs = Math.min(this.firstMs, fromMs);
    this.lastMs = Math.max(this.lastMs, untilMs);
  }

  /** Of other cards of the same run, as another thread has counted them. */
  add(other: TallyFigures): void {
    for (const name of summed) this[name] += other[name];
    this.digest = (this.digest + other.digest) | 0;
    this.firstMs = Math.min(this.firstMs, other.firstMs);
    this.lastMs = Math.max(this.lastMs, other.lastMs);
    for (const group of ['reasons', 'controls', 'windows', 'turns'] as const) {
      const [own, its]: Record<string, number>[] = [this[group], other[group]];
      for (const [name, times] of Object.entries(its ?? {}))
        if (own !== undefined) own[name] = (own[name] ?? 0) + times;
    }
  }

  decided({ outcome, approved_minor, hold_minor, reason, trace }: Decision, profile: Profile | null): void {
    this.decisions++;
    if (outcome === 'approved') this.approved++;
    else this.declined++;
    if (reason !== null) this.reasons[reason]++;
    for (let index = 0; index < trace.length; index++) {
      const control = profile?.controls[index];
      if (control === undefined || trace[index]?.verdict === 'not_applicable') continue;
      this.controls[control.does]++;
      if (control.does === 'limit') this.windows[control.window.per]++;
    }
    this.digestOf(approved_minor);
    this.digestOf(hold_minor + (reason === null ? 0 : declineReasons.indexOf(reason) + 1));
  }

  /** What never occurred, by name. */
  missing(): string[] {
    const groups = Object.entries({ ...this.reasons, ...this.controls, ...this.windows, ...this.turns });
    return groups.filter(([, times]) => times === 0).map(([name]) => name);
  }
}

function zeros<const T extends readonly string[]>(names: T): Record<T[number], number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<T[number], number>;
}
