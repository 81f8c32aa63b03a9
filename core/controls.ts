// What one control says of one request: plain data in, a verdict out.

import type { AuthorizationRequest, Merchant } from '../contracts/authorization-request.ts';
import type { DeclineReason, Verdict } from '../contracts/decision.ts';
import type { Control } from '../contracts/profile.ts';

export interface Judgement {
  readonly verdict: Verdict;
  readonly reason: DeclineReason | null;
}

/** Whether a control looks at a request. What is not known matches no any-of and every none-of. */
export function appliesTo(control: Control, merchant: Merchant | null): boolean {
  const { category_any_of, category_none_of } = control.applies_to;
  const category = merchant?.category ?? null;
  if (category_any_of !== undefined && (category === null || !category_any_of.includes(category))) return false;
  if (category_none_of !== undefined && category !== null && category_none_of.includes(category)) return false;
  return true;
}

/** `countedMinor`: what a limit has already counted in its window. */
export function judge(control: Control, request: AuthorizationRequest, countedMinor: number): Judgement {
  const applies = appliesTo(control, request.merchant);
  const { control_id } = control;
  switch (control.does) {
    case 'block':
      return applies ? declined({ control_id }, 'category_not_allowed') : passed({ control_id }, 'not_applicable');
    case 'allow_only':
      return applies ? passed({ control_id }, 'pass') : declined({ control_id }, 'category_not_allowed');
    case 'limit': {
      if (!applies) return passed({ control_id }, 'not_applicable');
      const remaining_minor = control.amount_minor - countedMinor;
      // Zero-amount verifications consume nothing, so they pass even a limit that is used up or overdrawn.
      if (request.amount_minor === 0 || request.amount_minor <= remaining_minor)
        return passed({ control_id, remaining_minor }, 'pass');
      return declined(
        { control_id, remaining_minor },
        control.window.per === 'transaction' ? 'exceeds_amount_max' : 'exceeds_amount_in_window',
      );
    }
  }
}

function passed(about: Omit<Verdict, 'verdict'>, verdict: 'pass' | 'not_applicable'): Judgement {
  return { verdict: { ...about, verdict }, reason: null };
}

function declined(about: Omit<Verdict, 'verdict'>, reason: DeclineReason): Judgement {
  return { verdict: { ...about, verdict: 'decline' }, reason };
}
