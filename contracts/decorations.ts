// Requests and messages in our own form, made ready for their schemas: every decoration is read, so that the schema, which is
// strict, only ever refuses for amount, currency, kind and keys. Used by the native network, and by the origin for events that an
// older edge has written.

import * as z from 'zod/mini';
import {
  attribute,
  flagOf,
  instantMsOf,
  merchantCurrencyOf,
  merchantFrom,
  oneOfWords,
  orderOf,
  riskScoreOf,
  type Unread,
} from './attributes.ts';
import { authorizationRequestSchema, channels, entryModes, threeDSecureResults } from './authorization-request.ts';
import { cardMessageSchema, deciders } from './card-message.ts';

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads one decoration; null: unknown, and the field is left out. */
type Reader = (value: unknown, name: string, unread: Unread) => unknown;

const by =
  (reader: (text: string) => unknown): Reader =>
  (value, name, unread) =>
    attribute(reader, value, name, unread);

const merchant: Reader = (value, name, unread) => {
  if (value === undefined || value === null) return null;
  if (!isFields(value)) unread.add(name);
  const { id, name: called, category, country } = isFields(value) ? value : ({} as Fields);
  return merchantFrom({ id, name: called, category, country }, unread);
};

const requestReaders: Readonly<Record<string, Reader>> = {
  merchant,
  channel: by(oneOfWords(channels)),
  entry_mode: by(oneOfWords(entryModes)),
  card_present: by(flagOf),
  partial_approval_capable: by(flagOf),
  occurred_at_ms: by(instantMsOf),
  order: by(orderOf),
  hold_expires_at_ms: by(instantMsOf),
  merchant_currency: by(merchantCurrencyOf),
  three_d_secure: by(oneOfWords(threeDSecureResults)),
  risk_score: by(riskScoreOf),
};

const messageReaders: Readonly<Record<string, Reader>> = {
  merchant,
  occurred_at_ms: by(instantMsOf),
  order: by(orderOf),
  final: by(flagOf),
  decided_by: by(oneOfWords(deciders)),
  answered_at_ms: by(instantMsOf),
};

/** Names of the fields of a shape that may be absent, and of which null is no value of its own. */
function optionalIn(shape: Readonly<Record<string, z.core.$ZodType>>): string[] {
  const takes = (schema: z.core.$ZodType, value: unknown) => z.safeParse(schema, value).success;
  return Object.entries(shape).flatMap(([name, schema]) =>
    takes(schema, undefined) && !takes(schema, null) ? [name] : [],
  );
}

/** Null says the same as absent: many languages' writers have no other way to leave a field out. */
function read(
  fields: Fields,
  readers: Readonly<Record<string, Reader>>,
  optional: ReadonlySet<string>,
  unread: Unread,
): Record<string, unknown> {
  const all: Record<string, unknown> = { ...fields };
  for (const name of optional) if (all[name] === null) delete all[name];
  for (const name in readers) {
    if (!Object.hasOwn(fields, name)) continue;
    const value = readers[name]?.(fields[name], name, unread) ?? null;
    if (value === null) delete all[name];
    else all[name] = value;
  }
  return all;
}

const optionalOfRequest: ReadonlySet<string> = new Set(optionalIn(authorizationRequestSchema.def.shape));

/** A request whose decorations are read. Fields that no request has are left for the schema to refuse. */
export function requestRead(raw: unknown, unread: Unread): unknown {
  if (!isFields(raw)) return raw;
  const all = read(raw, requestReaders, optionalOfRequest, unread);
  return { ...all, merchant: all['merchant'] ?? {} };
}

const optionalOfMessage: ReadonlySet<string> = new Set(
  cardMessageSchema.def.options.flatMap((option) => optionalIn(option.def.shape)),
);
const messageFields: ReadonlySet<string> = new Set(
  cardMessageSchema.def.options.flatMap((option) => Object.keys(option.def.shape)),
);

/**
 * A message whose decorations are read. A fact is not refused for a field that no message has: it is left out and counted. A
 * clearing that does not say whether it is final is not: what is left of the hold then stays until it lapses.
 */
export function messageRead(raw: unknown, unread: Unread): unknown {
  if (!isFields(raw)) return raw;
  const all = read(raw, messageReaders, optionalOfMessage, unread);
  for (const name in all) {
    if (messageFields.has(name)) continue;
    unread.add('unknown_field');
    delete all[name];
  }
  if (all['kind'] === 'clearing' && all['final'] === undefined) {
    unread.add('final');
    all['final'] = false;
  }
  return all;
}
