// docs/controls.md is true: each of its controls is taken as the API takes it, and its requests are answered as the page says.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { AuthorizationRequest } from '../contracts/authorization-request.ts';
import type { CardMessage } from '../contracts/card-message.ts';
import { resolveCategory } from '../contracts/categories/resolve.ts';
import { type Control, controlSchema } from '../contracts/control.ts';
import { Card } from '../core/card/card.ts';
import { countingIds, merchant, profile, request } from '../core/testing/samples.ts';

const page = readFileSync(new URL('../docs/controls.md', import.meta.url), 'utf8');

interface Row {
  readonly at: string;
  readonly asks: Record<string, unknown>;
  readonly answer: string;
}

interface Example {
  readonly control: Record<string, unknown>;
  readonly rows: readonly Row[];
}

function examplesOf(text: string): Example[] {
  return text
    .split('```json\n')
    .slice(1)
    .map((part) => {
      const [json = '', rest = ''] = part.split('```');
      const rows = rest.matchAll(/^\| (\S+Z) \| `(.+)` \| (.+) \|$/gm);
      return {
        control: JSON.parse(json) as Record<string, unknown>,
        rows: Array.from(rows, ([, at = '', asks = '', answer = '']) => ({ at, asks: JSON.parse(asks), answer })),
      };
    });
}

/** As the origin does it: words become codes before the card gets them. */
function take(written: Record<string, unknown>): Control {
  const control = structuredClone(written) as { applies_to?: { category?: Record<string, string[]> } };
  const { category } = control.applies_to ?? {};
  for (const [list, words] of Object.entries(category ?? {}))
    (category as Record<string, string[]>)[list] = words.flatMap((word) => {
      const resolved = resolveCategory(word);
      if ('problem' in resolved) throw new Error(resolved.problem);
      return resolved.codes;
    });
  return controlSchema.parse(control);
}

/** The card after the rows before: its answer to each, as the page writes it. */
function answersTo({ control, rows }: Example): string[] {
  const card = new Card(
    { append: () => {}, at: () => expect.fail('no key is repeated'), freshIds: countingIds() },
    null,
    [],
  );
  card.putProfile(profile({ controls: [take(control)] }), 0);
  return rows.map(({ at, asks, answer }, index) => {
    const atMs = Date.parse(at);
    const said = asks as { says?: CardMessage['kind']; of?: number; adds_to?: number };
    const { says, of, adds_to, ...rest } = said;
    const common = { message_key: `row-${index + 1}`, authorization_key: `row-${of}`, currency: 'USD', merchant: null };
    if (says !== undefined) return card.receive({ kind: says, ...common, ...rest } as CardMessage, atMs).outcome;
    const asked = card.authorize(requestOf(rest, `row-${index + 1}`, adds_to), atMs);
    return asked.outcome === 'decided' ? inWords(asked.decision, answer) : asked.outcome;
  });
}

function requestOf(asks: Record<string, unknown>, key: string, addsTo: number | undefined): AuthorizationRequest {
  const where = { ...merchant(null), ...(asks['merchant'] as object) };
  const life = addsTo === undefined ? key : `row-${addsTo}`;
  const kind = addsTo === undefined ? 'authorization' : 'incremental';
  return request({ kind, request_key: key, authorization_key: life, amount_minor: 100, ...asks, merchant: where });
}

type Decided = Extract<ReturnType<Card['authorize']>, { outcome: 'decided' }>['decision'];

/** In as many words as the page uses. */
function inWords({ reason, approved_minor, hold_minor, trace }: Decided, asWritten: string): string {
  if (reason !== null) return reason;
  const shadow = trace.find((verdict) => verdict.shadow === true && verdict.verdict === 'decline');
  if (shadow !== undefined) return `approved, shadow ${shadow.control_id} declines`;
  return asWritten.includes('holds') ? `approved ${approved_minor}, holds ${hold_minor}` : 'approved';
}

const examples = examplesOf(page);

describe('docs/controls.md', () => {
  test.each(examples.map((example) => [String(example.control['control_id']), example] as const))(
    '%s',
    (_, example) => {
      expect(example.rows.length).toBeGreaterThan(0);
      expect(answersTo(example)).toEqual(example.rows.map(({ answer }) => answer));
    },
  );

  test('shows every attribute, every kind of control and every window', () => {
    const shown = examples.map(({ control }) => take(control));
    const attributes = new Set(shown.flatMap(({ applies_to }) => Object.keys(applies_to)));
    expect([...attributes].sort()).toEqual(
      (
        'category channel country currency date day_of_week entry_mode merchant merchant_name presence risk_score ' +
        'time_of_day time_zone'
      ).split(' '),
    );
    expect(new Set(shown.map(({ does }) => does)).size).toBe(5);
    const windows = shown.flatMap((control) => (control.does === 'limit' ? [control.window.per] : []));
    expect(new Set(windows).size).toBe(7);
  });
});
