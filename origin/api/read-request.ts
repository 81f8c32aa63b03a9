// What a request brings, read once: bounded, JSON, without card data, in the shape of its contract. Refusals name the field
// and the rule, never the value.

import type { Context } from 'hono';
import * as z from 'zod';
import { findCardData } from '../../contracts/card-data.ts';
import { type Id, type IdPrefix, idSchema } from '../../contracts/ids.ts';
import { limits } from '../../contracts/limits.ts';
import { fieldProblems } from '../../contracts/problem.ts';
import { type ErrorCode, refusal } from './errors.ts';

/** Fields that a contract defines as identifiers: a number in them is one of those that pass Luhn by chance. */
const identifiers: ReadonlySet<string> = new Set(['account_id', 'card_id', 'card_token', 'control_id']);

/** `empty`: what it means to send none. */
export async function readBody<T>(context: Context, schema: z.core.$ZodType<T>, empty?: T): Promise<T> {
  const text = await readText(context, limits.bodyBytesMax);
  if (text === '' && empty !== undefined) return empty;
  const body = parseJson(text);
  const found = findCardData(body, { identifiers });
  if (found !== null) throw refusal('card_data_refused', [{ field: found.path, problem: found.problem }]);
  return inShape(schema, body);
}

/** The text of a body that is JSON without card data, for routes that check its shape themselves. */
export async function readJsonText(context: Context): Promise<string> {
  const type = context.req.header('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (!/^application\/(?:json|[\w.-]+\+json)$/.test(type)) throw refusal('content_type_unsupported');
  const text = await readText(context, limits.bodyBytesMax);
  const found = findCardData(parseJson(text), { identifiers });
  if (found !== null) throw refusal('card_data_refused', [{ field: found.path, problem: found.problem }]);
  return text;
}

export async function readText(context: Context, bytesMax: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Read piece by piece: a body that does not declare its length must not fill the memory first.
  for await (const chunk of context.req.raw.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax)
      throw refusal('body_too_large', [{ field: 'body', problem: `is larger than ${bytesMax} bytes` }]);
    chunks.push(chunk);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
  } catch {
    throw refusal('body_malformed');
  }
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw refusal('body_malformed');
  }
}

/** `at`: where the value stands in the request, as `controls`. */
export function inShape<T>(schema: z.core.$ZodType<T>, value: unknown, at = ''): T {
  const parsed = z.safeParse(schema, value);
  if (parsed.success) return parsed.data;
  throw refusal('field_invalid', fieldProblems(parsed.error, at));
}

/** An id from the path. What cannot be one names nothing, so it is not found, and never reaches the database. */
export function pathId<P extends IdPrefix>(context: Context, prefix: P, name: string, otherwise: ErrorCode): Id<P> {
  const parsed = idSchema(prefix).safeParse(context.req.param(name));
  if (!parsed.success) throw refusal(otherwise);
  return parsed.data;
}
