// A control as a person would say it. For reading only: the definition beside it is what counts.

import type { AppliesTo, Control } from '../../contracts/control.ts';
import { decimalTextFromMinor } from '../../contracts/money.ts';
import type { Window } from '../../contracts/window.ts';

export function money(amountMinor: number, currency: string): string {
  return `${decimalTextFromMinor(amountMinor, currency)} ${currency}`;
}

export function controlInWords(control: Control, currency: string): string {
  const applies = appliesToInWords(control.applies_to);
  const where = applies === '' ? '' : `, for ${applies}`;
  switch (control.does) {
    case 'block':
      return `blocks ${applies}`;
    case 'allow_only':
      return `allows only ${applies}`;
    case 'limit': {
      const { amount_minor, count, window } = control;
      const amount = amount_minor === undefined ? [] : [money(amount_minor, currency)];
      const uses = count === undefined ? [] : [`${count} ${count === 1 ? 'use' : 'uses'}`];
      return `at most ${[...amount, ...uses].join(' and ')} ${windowInWords(window)}${where}`;
    }
    case 'require_authentication': {
      const above = control.above_minor === 0 ? '' : ` above ${money(control.above_minor, currency)}`;
      return `needs 3-D Secure (${control.accept.join(' or ')})${above}${where}`;
    }
    case 'adjust_hold': {
      const { percent, add_minor, at_least_minor, cap_minor } = control;
      const said = [
        ...(percent === undefined ? [] : [`${percent}% more`]),
        ...(add_minor === undefined ? [] : [`${money(add_minor, currency)} more`]),
        ...(at_least_minor === undefined ? [] : [`at least ${money(at_least_minor, currency)}`]),
        ...(cap_minor === undefined ? [] : [`at most ${money(cap_minor, currency)}`]),
      ];
      return `holds ${said.join(', ')}${where}`;
    }
  }
}

export function windowInWords(window: Window): string {
  switch (window.per) {
    case 'transaction':
      return 'a purchase';
    case 'day':
      return `a day (${window.time_zone})`;
    case 'week':
      return `a week from ${window.starts_on} (${window.time_zone})`;
    case 'month':
      return `a month${window.starts_on === 1 ? '' : ` from day ${window.starts_on}`} (${window.time_zone})`;
    case 'year':
      return `a year (${window.time_zone})`;
    case 'lifetime':
      return "in the card's life";
    case 'rolling':
      return `in any ${lengthInWords(window.seconds)}`;
  }
}

const units = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const;

/** In the largest unit that says it exactly. */
function lengthInWords(seconds: number): string {
  const [unit, length] = units.find(([, unitSeconds]) => seconds % unitSeconds === 0) ?? ['second', 1];
  const many = seconds / length;
  return many === 1 ? unit : `${many} ${unit}s`;
}

type Listed = Exclude<keyof AppliesTo, 'time_zone' | 'risk_score'>;

const names: Readonly<Record<Listed, string>> = {
  category: 'category',
  merchant: 'merchant',
  merchant_name: 'merchant named',
  country: 'country',
  currency: 'currency',
  channel: 'channel',
  entry_mode: 'entry mode',
  presence: 'card',
  day_of_week: 'on',
  time_of_day: 'at',
  date: 'on',
};

function appliesToInWords(applies_to: AppliesTo): string {
  const parts = (Object.keys(names) as Listed[]).flatMap((name) => {
    const { any_of, none_of } = applies_to[name] ?? {};
    return [
      ...(any_of === undefined ? [] : [`${names[name]} ${listed(any_of, ' or ')}`]),
      ...(none_of === undefined ? [] : [`${names[name]} not ${listed(none_of, ', ')}`]),
    ];
  });
  const { risk_score, time_zone } = applies_to;
  if (risk_score !== undefined) parts.push(`risk score from ${risk_score.at_least}`);
  return `${parts.join(', ')}${time_zone === undefined ? '' : ` (${time_zone})`}`;
}

type Value = string | { readonly from?: string | undefined; readonly until?: string | undefined };
const shownMax = 5;

function listed(values: readonly Value[], between: string): string {
  const shown = values.slice(0, shownMax).map(valueInWords).join(between);
  return values.length > shownMax ? `${shown} and ${values.length - shownMax} more` : shown;
}

function valueInWords(value: Value): string {
  if (typeof value === 'string') return value.replaceAll('_', ' ');
  return [value.from === undefined ? '' : `from ${value.from}`, value.until === undefined ? '' : `until ${value.until}`]
    .filter((word) => word !== '')
    .join(' ');
}
