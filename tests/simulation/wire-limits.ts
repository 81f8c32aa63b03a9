// The law of limits by the wire: what was approved within a calendar window, or within any span of a rolling one's length, by
// the instants at which the approvals were given, is within the limit. A lower bound of what must count; what is not surely
// in a window is left out.

import type { LimitControl } from '../../contracts/control.ts';
import { type CalendarWindow, windowLabel } from './local-calendar.ts';
import { type Approval, restMsMax, type WireAuthorization } from './wire-authorization.ts';
import { limitKey, type WireBooks } from './wire-books.ts';
import { broken } from './wire-laws.ts';

type IsIn = (approval: Approval) => boolean;

export function holdLimits(books: WireBooks, own: WireAuthorization, approval: Approval): void {
  if (own.isDoubtful) return;
  for (const control of books.profile?.controls ?? []) {
    if (control.does !== 'limit' || control.mode === 'shadow' || !sees(control, own)) continue;
    const isIn = windowOf(control, own, approval);
    if (isIn !== null) holdLimit(books, control, own, approval, isIn);
  }
}

function holdLimit(
  books: WireBooks,
  control: LimitControl,
  own: WireAuthorization,
  approval: Approval,
  isIn: IsIn,
): void {
  const { amount_minor, count, window, refunds_give_back } = control;
  const sinceMs = books.limitsSince.get(limitKey(control)) ?? 0;
  let [minor, uses] = [0, 0];
  for (const one of books.authorizations) {
    if (window.per === 'transaction' && one !== own) continue;
    if (one !== own && !isSurelyCounted(control, one, sinceMs)) continue;
    const isCalendar = window.per !== 'rolling';
    if (isCalendar && !one.uses.every(isIn)) continue;
    minor += one.countedMinor(isIn, refunds_give_back);
    if (!one.hasVoid && one.approvals.length > 0 && one.uses.every(isIn)) uses++;
  }
  if (amount_minor !== undefined && minor > amount_minor)
    broken(
      'limit_kept_on_the_wire',
      own,
      `${control.control_id}: ${minor} of ${amount_minor} ${JSON.stringify(window)}`,
    );
  const isNewUse = own.approvals[0] === approval && !own.hasEarlyMessage;
  if (count !== undefined && isNewUse && uses > count)
    broken('limit_kept_on_the_wire', own, `${control.control_id}: ${uses} uses of ${count} ${JSON.stringify(window)}`);
}

/** Not begun by a message, not so old that the card had forgotten it before the limit was set. */
function isSurelyCounted(control: LimitControl, one: WireAuthorization, sinceMs: number): boolean {
  if (one.isDoubtful || one.hasEarlyMessage || one.approvals.length === 0) return false;
  return one.touched_ms + restMsMax > sinceMs && sees(control, one);
}

/** Whether a control surely looks at a purchase: by attributes that need no reading of text, of all its requests alike. */
function sees({ applies_to }: LimitControl, { uses }: WireAuthorization): boolean {
  for (const name of Object.keys(applies_to)) if (name !== 'channel' && name !== 'entry_mode') return false;
  const { channel, entry_mode } = applies_to;
  return uses.every(({ request }) => includes(channel, request.channel) && includes(entry_mode, request.entry_mode));
}

function includes(
  list: { any_of?: readonly string[] | undefined; none_of?: readonly string[] | undefined } | undefined,
  value: string,
): boolean {
  if (list === undefined) return true;
  return (list.any_of?.includes(value) ?? true) && !(list.none_of?.includes(value) ?? false);
}

/** Which approvals are in the window that an approval counts in; null where that is not sure. */
function windowOf({ window }: LimitControl, own: WireAuthorization, approval: Approval): IsIn | null {
  switch (window.per) {
    case 'transaction':
      return () => true;
    case 'rolling': {
      const afterMs = approval.given_ms - window.seconds * 1_000;
      return ({ given_ms }) => given_ms > afterMs;
    }
    default:
      return calendarOf(window, own, approval);
  }
}

/** An increment counts where its authorization does; a second try of an authorization may count in either window. */
function calendarOf(window: CalendarWindow, own: WireAuthorization, approval: Approval): IsIn | null {
  const label = windowLabel(window, approval.given_ms);
  const isIn: IsIn = ({ given_ms }) => windowLabel(window, given_ms) === label;
  return own.uses.every(isIn) && !own.hasEarlyMessage ? isIn : null;
}
