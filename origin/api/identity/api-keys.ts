// API keys: made by an operator, shown once, kept as a hash, taken back at any time.

import * as z from 'zod';
import { idSchema, newId } from '../../../contracts/ids.ts';
import { recordAuditEvents } from '../../audit/audit-event.ts';
import type { Sql } from '../../db/client.ts';
import { refusal } from '../../errors.ts';
import { costs } from '../http/cost.ts';
import { cursorOf, cursorSchema, limitSchema } from '../http/cursor.ts';
import { printableText } from '../http/printable-text.ts';
import { doerOf, type Route, route } from '../http/route.ts';
import { type Caller, type Callers, merchantScopes, newApiKey, type Scope, scopes } from './caller.ts';

const tag = 'api keys';

const keySchema = z.strictObject({
  api_key_id: idSchema('akey'),
  name: z.string(),
  /** The first characters, to tell keys apart. */
  shown: z.string(),
  merchant_id: z.nullable(idSchema('mrch')),
  scopes: z.array(z.enum(scopes)),
  created_at: z.iso.datetime(),
  expires_at: z.iso.datetime(),
  revoked_at: z.iso.datetime().nullable(),
  last_used_at: z.iso.datetime().nullable(),
});

interface KeyRow {
  readonly api_key_id: string;
  readonly name: string;
  readonly shown: string;
  readonly merchant_id: string | null;
  readonly scopes: string[];
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly revoked_at: Date | null;
  readonly last_used_at: Date | null;
}

const columns = 'api_key_id, name, shown, merchant_id, scopes, created_at, expires_at, revoked_at, last_used_at';

function view({ created_at, expires_at, revoked_at, last_used_at, ...row }: KeyRow) {
  return {
    ...row,
    created_at: created_at.toISOString(),
    expires_at: expires_at.toISOString(),
    revoked_at: revoked_at?.toISOString() ?? null,
    last_used_at: last_used_at?.toISOString() ?? null,
  };
}

const dayMs = 24 * 3_600_000;
/** A year, a leap year too: a key that is forgotten opens nothing for ever. */
const lifeMsMax = 366 * dayMs;

const newKeySchema = z
  .strictObject({
    name: printableText,
    /** Absent: an operator's key. */
    merchant_id: z.optional(idSchema('mrch')),
    /** At most those of the key that makes it. */
    scopes: z.array(z.enum(scopes)).min(1).max(scopes.length),
    /** At most 366 days from now; absent: 365 days from now. */
    expires_at: z.iso.datetime().optional(),
  })
  .refine(({ expires_at }) => expires_at === undefined || Date.parse(expires_at) > Date.now(), {
    error: 'is over already',
    path: ['expires_at'],
  })
  .refine(({ expires_at }) => expires_at === undefined || Date.parse(expires_at) <= Date.now() + lifeMsMax, {
    error: 'is more than 366 days away: make a new key before this one ends',
    path: ['expires_at'],
  })
  .superRefine(({ merchant_id, scopes: wanted }, context) => {
    const beyond = wanted.findIndex((scope) => !merchantScopes.includes(scope));
    if (merchant_id !== undefined && beyond >= 0)
      context.addIssue({
        code: 'custom',
        path: ['scopes', beyond],
        message: "is an operator's: a merchant's key cannot have it",
      });
  });

const create = route({
  method: 'post',
  path: '/api-keys',
  name: 'createApiKey',
  cost: costs.change,
  summary: 'Make an API key; it is shown this once',
  tag,
  scope: 'keys:write',
  forMerchants: false,
  body: newKeySchema,
  answers: {
    status: 201,
    schema: z.strictObject({ ...keySchema.shape, api_key: z.string() }),
    description: 'With the key itself.',
  },
  errors: ['merchant_not_found'],
  async handle({ body, sql, ...call }) {
    requireOwnScopes(call.caller, body.scopes);
    const { key, hash, shown } = newApiKey();
    const expires_at = body.expires_at ?? new Date(Date.now() + 365 * dayMs).toISOString();
    const merchant_id = body.merchant_id ?? null;
    if (merchant_id !== null) await requireMerchant(sql, merchant_id);
    const { rows } = await sql.query<KeyRow>(
      `insert into api_keys (api_key_id, key_hash, shown, name, merchant_id, scopes, expires_at)
       values ($1, $2, $3, $4, $5, $6, $7) returning ${columns}`,
      [newId('akey'), hash, shown, body.name, merchant_id, [...new Set(body.scopes)], expires_at],
    );
    const row = rows[0] as KeyRow;
    const made = { action: 'api_key.created', subject: row.api_key_id, merchant_id, reason: row.scopes.join(' ') };
    await recordAuditEvents(sql, [{ ...doerOf(call), ...made }]);
    return { body: { ...view(row), api_key: key } };
  },
});

/** Nobody gives what they do not have: a key that makes keys would otherwise be a key for everything. */
function requireOwnScopes(caller: Caller, wanted: readonly Scope[]): void {
  const details = wanted.flatMap((scope, place) =>
    caller.scopes.has(scope)
      ? []
      : [{ field: `scopes[${place}]`, problem: `is ${scope}, which the key that makes this one does not have itself` }],
  );
  if (details.length > 0) throw refusal('scope_missing', details);
}

async function requireMerchant(sql: Sql, merchantId: string): Promise<void> {
  const { rows } = await sql.query('select 1 from merchants where merchant_id = $1', [merchantId]);
  if (rows.length === 0) throw refusal('merchant_not_found');
}

const list = route({
  method: 'get',
  path: '/api-keys',
  name: 'listApiKeys',
  cost: costs.fullPage,
  summary: 'List API keys, those taken back too',
  tag,
  scope: 'keys:read',
  forMerchants: false,
  query: z.strictObject({
    merchant_id: z.optional(idSchema('mrch')),
    limit: limitSchema,
    cursor: cursorSchema(z.tuple([idSchema('akey')])),
  }),
  answers: {
    status: 200,
    schema: z.strictObject({ api_keys: z.array(keySchema), next_cursor: z.string().nullable() }),
    description: 'A page, in the order of their ids; `next_cursor` null on the last.',
  },
  errors: [],
  async handle({ query: { merchant_id, limit, cursor }, sql }) {
    const { rows } = await sql.query<KeyRow>(
      `select ${columns} from api_keys where ($1::text is null or merchant_id = $1) and api_key_id > $2
       order by api_key_id limit $3`,
      [merchant_id ?? null, cursor?.[0] ?? '', limit + 1],
    );
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    const next_cursor = last === undefined ? null : cursorOf(last.api_key_id);
    return { body: { api_keys: rows.slice(0, limit).map(view), next_cursor } };
  },
});

function revoke(callers: Callers): Route {
  return route({
    method: 'delete',
    path: '/api-keys/{api_key_id}',
    name: 'revokeApiKey',
    cost: costs.change,
    summary: 'Take an API key back',
    tag,
    scope: 'keys:write',
    forMerchants: false,
    params: z.strictObject({ api_key_id: idSchema('akey') }),
    answers: { status: 200, schema: keySchema, description: 'It opens nothing any more.' },
    errors: ['api_key_not_found'],
    async handle({ params: { api_key_id }, sql, ...call }) {
      const { rows } = await sql.query<KeyRow & { newly: boolean }>(
        `update api_keys set revoked_at = coalesce(revoked_at, now()) where api_key_id = $1
         returning ${columns}, revoked_at = now() as newly`,
        [api_key_id],
      );
      const [found] = rows;
      if (found === undefined) throw refusal('api_key_not_found');
      const { newly, ...row } = found;
      const event = { action: 'api_key.revoked', subject: api_key_id, merchant_id: row.merchant_id, reason: '' };
      if (newly) await recordAuditEvents(sql, [{ ...doerOf(call), ...event }]);
      return {
        body: view(row),
        afterCommit() {
          callers.forget(api_key_id);
          return Promise.resolve(null);
        },
      };
    },
  });
}

export function apiKeyRoutes(callers: Callers): readonly Route[] {
  return [create, list, revoke(callers)];
}
