// A decision as a sentence: what was decided, and why, with the figures of that moment.

import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import { categoryName } from '../../contracts/categories/names.ts';
import type { Control } from '../../contracts/control.ts';
import type { Decision, Verdict } from '../../contracts/decision.ts';
import type { DeclineReason } from '../../contracts/decline-reasons.ts';
import { money, windowInWords } from './control-in-words.ts';

export interface Decided {
  readonly request: AuthorizationRequest;
  readonly decision: Decision;
  readonly atMs: number;
  /** The control that caused it, as it was then; null where none did, or where it is not known any more. */
  readonly control: Control | null;
  /** The card's, in which its limits are. */
  readonly currency: string;
}

export function decisionInWords(decided: Decided): string {
  const { decision } = decided;
  if (decision.outcome === 'approved') return approvalInWords(decided);
  const by = decision.control_id === null ? '' : ` (control ${decision.control_id})`;
  return `Declined: ${decision.reason === null ? 'no reason was kept' : reasonInWords(decision.reason, decided)}${by}.`;
}

function approvalInWords({ request, decision }: Decided): string {
  const { amount_minor, currency } = request;
  const { approved_minor, hold_minor, control_id } = decision;
  if (amount_minor === 0) return 'Approved: it asked for no money, and nothing is held.';
  const asked = money(amount_minor, currency);
  if (approved_minor < amount_minor) {
    const bound = control_id === null ? 'what the card had left' : `what control ${control_id} had left`;
    return `Approved in part: ${money(approved_minor, currency)} of ${asked}, ${bound}.`;
  }
  if (hold_minor > approved_minor)
    return `Approved: ${asked}. Held: ${money(hold_minor, currency)}, as a control of holds asks.`;
  return `Approved: ${asked}.`;
}

/** Without a final stop. */
function reasonInWords(reason: DeclineReason, decided: Decided): string {
  const { request, decision, control, currency, atMs } = decided;
  const { merchant } = request;
  const asked = money(request.amount_minor, request.currency);
  switch (reason) {
    case 'card_unknown':
      return 'the edge had not been told what this card may do';
    case 'card_not_active':
      return 'the card was frozen';
    case 'card_closed':
      return 'the card was closed';
    case 'card_expired':
      return 'the card was past its validity';
    case 'card_already_used':
      return 'the card is good for one purchase, and had been used for one';
    case 'currency_not_allowed':
      return decision.control_id === null
        ? `it asked for ${request.currency}, and the card is in ${currency}`
        : `a merchant that charges ${request.merchant_currency ?? request.currency} is not allowed`;
    case 'amount_invalid':
      return `a request of kind ${request.kind} moves no money, and this one named ${asked}`;
    case 'channel_not_allowed':
      return `the card may not be used in this way: ${usageInWords(request)}`;
    case 'country_not_allowed':
      return merchant.country === null
        ? 'nothing is known of where the merchant is'
        : `the merchant is in ${merchant.country}, which is not allowed`;
    case 'merchant_not_allowed':
      return `the merchant ${merchant.name ?? merchant.id ?? 'that did not say its name'} is not allowed`;
    case 'category_not_allowed':
      return merchant.category === null
        ? 'nothing is known of what the merchant sells'
        : `the merchant's category is ${categoryInWords(merchant.category)}, which is not allowed`;
    case 'time_not_allowed':
      return `it came at ${localTime(atMs, control?.applies_to.time_zone ?? 'UTC')}, which is not a time for this`;
    case 'authentication_required':
      return `the cardholder had to be authenticated by 3-D Secure, and the result was ${request.three_d_secure ?? 'not known'}`;
    case 'risk_too_high':
      return `the network's risk score was ${request.risk_score ?? 'not known'}`;
    case 'exceeds_amount_max':
    case 'exceeds_amount_in_window':
      return tooMuchInWords(decided);
    case 'exceeds_count_in_window':
      return control?.does === 'limit' && control.count !== undefined
        ? `all ${control.count} uses ${windowInWords(control.window)} had been made`
        : 'all uses of the window had been made';
    case 'insufficient_funds':
      return decision.available_minor === null
        ? `${asked} is more than the card had left`
        : `${asked} is more than the ${money(decision.available_minor, currency)} that the card had left${withheldInWords(decision, currency)}`;
    case 'request_voided':
      return 'the request had been given up, because its answer would have come too late';
  }
}

/** Decision 25: what no purchase had cleared of its refunds is beyond a day's bound. */
function withheldInWords({ withheld_minor = 0 }: Decision, currency: string): string {
  return withheld_minor === 0 ? '' : `; ${money(withheld_minor, currency)} of its refunds of no purchase is withheld`;
}

/** What an amount was too much for. */
function tooMuchInWords({ request, decision, control, currency }: Decided): string {
  const asked = money(request.amount_minor, request.currency);
  const left = decision.trace.find(({ control_id }) => control_id === decision.control_id)?.remaining_minor;
  if (control?.does !== 'limit' || control.amount_minor === undefined)
    return left === undefined
      ? `${asked} is more than the limit allows`
      : `${asked} is more than what the limit had left: ${remainder(left, money(Math.abs(left), currency))}`;
  const limit = `${money(control.amount_minor, currency)} ${windowInWords(control.window)}`;
  // Of one purchase: what it counts already is there only where this request adds to it.
  const isFirst = control.window.per === 'transaction' && left === control.amount_minor;
  if (left === undefined || isFirst) return `${asked} is more than the limit of ${limit}`;
  if (left <= 0) return `nothing was left of ${limit}`;
  return `${asked} is more than the ${money(left, currency)} left of ${limit}`;
}

/** What was left before the request, as `16.51 USD left, 3 uses over`; null for a control that counts nothing. */
export function remainderInWords({ remaining_minor, remaining_count }: Verdict, currency: string): string | null {
  const parts: string[] = [];
  if (remaining_minor !== undefined) parts.push(remainder(remaining_minor, money(Math.abs(remaining_minor), currency)));
  if (remaining_count !== undefined) {
    const uses = Math.abs(remaining_count);
    parts.push(remainder(remaining_count, `${uses} ${uses === 1 ? 'use' : 'uses'}`));
  }
  return parts.length === 0 ? null : parts.join(', ');
}

/** More than a limit may be used where it is in shadow, or money is forced through. */
function remainder(remaining: number, amount: string): string {
  return `${amount} ${remaining < 0 ? 'over' : 'left'}`;
}

function usageInWords({ channel, entry_mode, card_present }: AuthorizationRequest): string {
  const presence = card_present === null ? [] : [card_present ? 'card present' : 'card not present'];
  return [channel, entry_mode.replaceAll('_', ' '), ...presence].join(', ');
}

function categoryInWords(code: string): string {
  const name = categoryName(code);
  return name === null ? code : `${code}, ${name}`;
}

/** As `Sunday 2026-03-29 04:30 (Europe/Berlin)`. */
function localTime(atMs: number, timeZone: string): string {
  const digits = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' } as const;
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'long', hourCycle: 'h23', ...digits });
  const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
  const [weekday, year, month, day, hour, minute] = (
    ['weekday', 'year', 'month', 'day', 'hour', 'minute'] as const
  ).map((type) => parts.get(type));
  return `${weekday} ${year}-${month}-${day} ${hour}:${minute} (${timeZone})`;
}
