// Answers of the API as text for a terminal.

import { currencyExponent, decimalTextFromMinor } from '../../contracts/money.ts';
import { isPlain, withSignsVisible } from '../../contracts/text.ts';

/** Columns as wide as their widest cell, without spaces at the end. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('   ')
      .trimEnd(),
  );
}

/** Name and value below each other; those without a value are left out. */
export function facts(rows: readonly (readonly [string, string | number | null])[]): string[] {
  const shown = rows.filter(([, value]) => value !== null && value !== '');
  return table(shown.map(([name, value]) => [`  ${name}`, String(value)]));
}

/** In major units: `12.50 USD`. A sum beyond what can be counted exactly stays in minor units. */
export function money(minor: number | bigint | string | null, currency: string | null): string {
  if (minor === null || currency === null) return '';
  const amount = Number(minor);
  if (!Number.isSafeInteger(amount) || currencyExponent(currency) === undefined)
    return `${minor} ${currency} (minor units)`;
  return `${decimalTextFromMinor(amount, currency)} ${currency}`;
}

/** `2026-11-27 04:12:27Z`. */
export function time(at: number | string): string {
  return new Date(at).toISOString().replace('T', ' ').replace(/\.\d+/, '');
}

/** In the largest unit that it fills twice: 90 minutes are `90 min`, 50 hours `2 d`. */
export function length(ms: number): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1_000],
  ] as const;
  const [name, unit] = units.find(([, each]) => ms >= 2 * each) ?? ['s', 1_000];
  return `${Math.floor(Math.max(0, ms) / unit)} ${name}`;
}

export const lines = (texts: readonly string[]) => `${texts.join('\n')}\n`;

/** Of what a network, a shop or a bank has written only what can be seen: an escape would move the cursor, a mark turn a name round. */
export const forTerminal = (text: string) => text.split('\n').map(withSignsVisible).join('\n');

/** JSON with the same escaped, so that whoever reads it gets them as they were. */
export function jsonForTerminal(answer: unknown): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return (JSON.stringify(answer) ?? 'null').replace(/[^\x20-\x7e]/gu, (sign) =>
    isPlain(sign) ? sign : sign.replace(/[\s\S]/g, escaped),
  );
}
