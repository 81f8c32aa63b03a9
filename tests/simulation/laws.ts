// The laws that every step is held against, by name, and what is said where one is broken.

import type { Decision, Verdict } from '../../contracts/decision.ts';
import type { LimitSeen } from './model-decision.ts';

export const laws = {
  decision_equals_model: 'outcome, amounts, reason, control and every verdict are what the model says',
  limit_never_exceeded: 'what is approved fits in every enforced limit',
  shortfall_equals_model: 'what a request lacks of funds is what the model says',
  repeat_answered_alike: 'a request key has one answer, byte for byte',
  money_equals_model: 'holds, posted money, uses and funds are what the model says',
  message_equals_model: 'what is recorded with a message is what the model says',
  effects_equal_money: "the events' effects sum up to what is held and posted",
  crash_changes_nothing: 'snapshot and the rows after it give the card that was there before',
  set_back_changes_nothing:
    'a card whose storage was set back is fenced, and rebuilt from what is booked it is the card that was there',
  log_is_the_state: 'the whole log, folded from nothing, gives the same card',
  order_changes_nothing: "every order of one life's events ends in the same life",
  outbox_sends_all: 'every row reaches the queue, none before those before it, whatever fails in between',
  outbox_equals_log: 'messages delivered twice and in any order end as the log has them',
  profile_never_older: 'an older profile, or another of the same version, changes nothing',
  readback_equals_model: 'what is read back of a control is what the model has counted',
  approved_is_held: 'by the wire: what is approved is held until a message that comes later takes it away',
  funds_never_overspent: 'by the wire: what was approved and not taken away, and what was cleared, is within the funds',
  limit_kept_on_the_wire: 'by the wire: what is approved in a window is within its limit',
  told_as_booked: 'by the wire: what the network was told and what the books say agree',
  text_is_fit: 'by the wire: what is kept of a shop has whole characters, none that controls, and no card number',
  card_stands: 'the card throws nothing',
} as const;
export type Law = keyof typeof laws;

const wireLaws: readonly Law[] = [
  'outbox_sends_all',
  'approved_is_held',
  'funds_never_overspent',
  'limit_kept_on_the_wire',
  'told_as_booked',
  'text_is_fit',
  'card_stands',
];
/** Which laws are held: `wire`, to see what those that do not know the model find by themselves. */
let held: 'all' | 'wire' = 'all';

export function holdOnly(which: 'all' | 'wire'): void {
  held = which;
}

export class Violation extends Error {
  readonly law: Law;
  readonly differs: string;

  constructor(law: Law, differs: string) {
    super(`${law}: ${differs}`);
    this.law = law;
    this.differs = differs;
  }
}

export function hold(law: Law, what: string, actual: unknown, expected: unknown): void {
  if (actual === expected || (held === 'wire' && !wireLaws.includes(law))) return;
  throw new Violation(law, `${what} is ${JSON.stringify(actual)}, should be ${JSON.stringify(expected)}`);
}

/** Written out field by field: it runs at every decision. */
export function holdDecision(actual: Decision, expected: Decision): void {
  const law = 'decision_equals_model';
  hold(law, 'outcome', actual.outcome, expected.outcome);
  hold(law, 'reason', actual.reason, expected.reason);
  hold(law, 'approved_minor', actual.approved_minor, expected.approved_minor);
  hold(law, 'hold_minor', actual.hold_minor, expected.hold_minor);
  hold(law, 'control_id', actual.control_id, expected.control_id);
  hold(law, 'available_minor', actual.available_minor, expected.available_minor);
  hold(law, 'withheld_minor', actual.withheld_minor ?? 0, expected.withheld_minor ?? 0);
  hold(law, 'profile_version', actual.profile_version, expected.profile_version);
  hold(law, 'number of verdicts', actual.trace.length, expected.trace.length);
  for (let index = 0; index < expected.trace.length; index++) {
    const [said, should] = [actual.trace[index], expected.trace[index]];
    if (said === undefined || should === undefined || !isSame(said, should)) hold(law, `trace[${index}]`, said, should);
  }
}

function isSame(said: Verdict, should: Verdict): boolean {
  return (
    said.control_id === should.control_id &&
    said.verdict === should.verdict &&
    said.shadow === should.shadow &&
    said.remaining_minor === should.remaining_minor &&
    said.remaining_count === should.remaining_count &&
    said.hold_minor === should.hold_minor
  );
}

/** What the card approved fits in what each enforced limit had left by the model's count. */
export function holdLimits({ outcome, hold_minor }: Decision, limitsSeen: readonly LimitSeen[]): void {
  if (outcome === 'declined' || hold_minor === 0) return;
  for (const { control, used_minor, used_count, isNewUse, after } of limitsSeen) {
    if (control.mode === 'shadow') continue;
    const { control_id, amount_minor = Number.MAX_SAFE_INTEGER, count = Number.MAX_SAFE_INTEGER } = control;
    const fitted = used_minor + hold_minor <= amount_minor && (!isNewUse || used_count < count);
    const isKept = fitted && after !== null && after.minor <= amount_minor && (!isNewUse || after.uses <= count);
    if (!isKept)
      hold(
        'limit_never_exceeded',
        `${control_id} after ${hold_minor} on ${used_minor}, now ${JSON.stringify(after)}`,
        'exceeded',
        'kept',
      );
  }
}
