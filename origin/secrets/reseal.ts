// Rows that an older key has sealed, sealed again with the newest one, so that the old key can be taken out of the configuration.
// Beside the running service: a row that somebody changes meanwhile is left alone, and was sealed with the newest key by them.

import type { Sql } from '../db/client.ts';
import type { SecretBox } from '../notify/secret-box.ts';

export interface Sealed {
  /** Texts by the place of their key, 0 for the newest. */
  readonly by_key: Readonly<Record<number, number>>;
  /** Endpoints with a text that no key of this configuration opens: to be given a new secret by their partner. */
  readonly unreadable: readonly string[];
}

export interface Resealed {
  readonly resealed: number;
  readonly unreadable: readonly string[];
}

interface Row {
  readonly webhook_endpoint_id: string;
  readonly secret: string;
  readonly previous_secret: string | null;
}

const rowsPerPage = 500;

/** Which keys are still needed. */
export async function sealedRows(sql: Sql, box: SecretBox): Promise<Sealed> {
  const by_key: Record<number, number> = {};
  const unreadable: string[] = [];
  for await (const row of endpoints(sql))
    for (const text of [row.secret, ...(row.previous_secret === null ? [] : [row.previous_secret])]) {
      const place = box.keyOf(text);
      if (place === null) unreadable.push(row.webhook_endpoint_id);
      else by_key[place] = (by_key[place] ?? 0) + 1;
    }
  return { by_key, unreadable: [...new Set(unreadable)] };
}

export async function reseal(sql: Sql, box: SecretBox): Promise<Resealed> {
  let resealed = 0;
  const unreadable: string[] = [];
  for await (const row of endpoints(sql)) {
    const { webhook_endpoint_id, secret, previous_secret } = row;
    const texts = [secret, ...(previous_secret === null ? [] : [previous_secret])];
    if (texts.some((text) => box.keyOf(text) === null)) {
      unreadable.push(webhook_endpoint_id);
      continue;
    }
    if (texts.every((text) => box.keyOf(text) === 0)) continue;
    const again = (text: string | null) =>
      text === null ? null : box.seal(box.open(text, webhook_endpoint_id), webhook_endpoint_id);
    // Only what is as it was read: a secret that its partner has rotated meanwhile must not come back.
    const { rows } = await sql.query<{ webhook_endpoint_id: string }>(
      `update webhook_endpoints set secret = $2, previous_secret = $3
       where webhook_endpoint_id = $1 and secret = $4 and previous_secret is not distinct from $5
       returning webhook_endpoint_id`,
      [webhook_endpoint_id, again(secret), again(previous_secret), secret, previous_secret],
    );
    resealed += rows.length;
  }
  return { resealed, unreadable };
}

/**
 * Page by page, in the order of their ids: what is added meanwhile is sealed with the newest key anyway. One that was taken back has no secret
 * left, so no key is needed for it.
 */
async function* endpoints(sql: Sql): AsyncGenerator<Row> {
  let after = '';
  for (;;) {
    const { rows } = await sql.query<Row>(
      `select webhook_endpoint_id, secret, previous_secret from webhook_endpoints
       where webhook_endpoint_id > $1 and secret <> '' order by webhook_endpoint_id limit $2`,
      [after, rowsPerPage],
    );
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < rowsPerPage) return;
    after = last.webhook_endpoint_id;
  }
}
