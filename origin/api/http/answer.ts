// Answers as JSON. Money is `bigint` inside and a JSON integer outside, written digit by digit, so that none is rounded.

import type { Context } from 'hono';
import { problemBody, type Refusal } from '../../../contracts/problem.ts';

/** Node has it; TypeScript's library does not yet. */
const es2026 = JSON as JSON & { rawJSON(text: string): unknown };

export function answer(context: Context, body: object, status: 200 | 201 | 503 = 200): Response {
  return context.body(toJson(body), status, { 'content-type': 'application/json' });
}

export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? rawJson(member) : member));
}

/**
 * The same text of a page, one item of its list after the other: a page of a hundred cards with twenty controls each is 400 KB, and 3 ms in
 * one stretch. `pauseWhereDue`: of event-loop.ts.
 */
export async function toJsonInSteps(page: object, pauseWhereDue: () => Promise<void> | null): Promise<string> {
  const members: string[] = [];
  for (const [name, value] of Object.entries(page)) {
    if (value === undefined) continue;
    if (!Array.isArray(value)) {
      members.push(`${JSON.stringify(name)}:${toJson(value)}`);
      continue;
    }
    const items: string[] = [];
    for (const item of value) {
      items.push(toJson(item));
      const pause = pauseWhereDue();
      if (pause !== null) await pause;
    }
    members.push(`${JSON.stringify(name)}:[${items.join(',')}]`);
  }
  return `{${members.join(',')}}`;
}

/** A JSON number may have any number of digits; a reader that uses doubles loses those past 2^53, one that does not, none. */
function rawJson(value: bigint): unknown {
  return Number.isSafeInteger(Number(value)) ? Number(value) : es2026.rawJSON(value.toString());
}

/** Seconds after which the same may be taken; null where it never is, or where the quota's own headers say it. */
function waitSeconds({ status, error_code }: Refusal): string | null {
  if (status === 503 || error_code === 'request_in_flight' || error_code === 'too_many_at_once') return '1';
  return error_code === 'too_many_attempts' ? '10' : null;
}

export function answerRefusal(context: Context, refused: Refusal, requestId: string): Response {
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' };
  if (refused.status === 401) headers['www-authenticate'] = 'Bearer realm="atlas"';
  const wait = waitSeconds(refused);
  if (wait !== null) headers['retry-after'] = wait;
  return context.body(JSON.stringify(problemBody(refused, requestId)), refused.status, headers);
}
