// The laws that every step is held against, by name, and what is said where one is broken.

import type { Decision, Verdict } from '../../contracts/decision.ts';

export const laws = {
  decision_equals_model: 'outcome, amounts, reason, control and every verdict are what the model says',
  limit_never_exceeded: 'what is approved fits in every enforced limit',
  repeat_answered_alike: 'a request key has one answer, byte for byte',
  money_equals_model: 'holds, posted money, uses and funds are what the model says',
  message_equals_model: 'what is recorded with a message is what the model says',
  effects_equal_money: "the events' effects sum up to what is held and posted",
  crash_changes_nothing: 'snapshot and the rows after it give the card that was there before',
  log_is_the_state: 'the whole log, folded from nothing, gives the same card',
  order_changes_nothing: "every order of one life's events ends in the same life",
  outbox_equals_log: 'events delivered twice and in any order end as the log has them',
  profile_never_older: 'an older profile, or another of the same version, changes nothing',
  readback_equals_model: 'what is read back of a control is what the model has counted',
  card_stands: 'the card throws nothing',
} as const;
export type Law = keyof typeof laws;

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
  if (Object.is(actual, expected)) return;
  throw new Violation(law, `${what} is ${JSON.stringify(actual)}, should be ${JSON.stringify(expected)}`);
}

const ofDecision = [
  'outcome',
  'approved_minor',
  'hold_minor',
  'reason',
  'control_id',
  'available_minor',
  'profile_version',
] as const satisfies readonly (keyof Decision)[];
const ofVerdict = [
  'control_id',
  'verdict',
  'shadow',
  'remaining_minor',
  'remaining_count',
  'hold_minor',
] as const satisfies readonly (keyof Verdict)[];

export function holdDecision(actual: Decision, expected: Decision): void {
  for (const field of ofDecision) hold('decision_equals_model', field, actual[field], expected[field]);
  hold('decision_equals_model', 'number of verdicts', actual.trace.length, expected.trace.length);
  for (let index = 0; index < expected.trace.length; index++) {
    const [said, should] = [actual.trace[index], expected.trace[index]];
    for (const field of ofVerdict)
      if (said?.[field] !== should?.[field])
        hold('decision_equals_model', `trace[${index}].${field}`, said?.[field], should?.[field]);
  }
}
