// Cards of a drill that are changed in the lost time, and what both sides say of them afterwards.

import { connectOwner } from '../../../origin/db/which-postgres.ts';
import type { apiOf } from '../../../scripts/dev/demo.ts';
import { fewAtATime } from '../../few-at-a-time.ts';
import { readProfile } from '../evidence.ts';

interface Row {
  readonly card_id: string;
  readonly card_token: string;
  readonly status: string;
  readonly version: number;
}

async function cardRows(databaseUrl: string): Promise<readonly Row[]> {
  const sql = await connectOwner(databaseUrl);
  const query = sql.query<Row>(
    `select card_id, card_token, profile ->> 'status' as status, profile_version as version from cards order by card_token`,
  );
  return await query.then(({ rows }) => rows).finally(() => sql.end());
}

/** A tenth is closed for good, another tenth has other funds. */
export async function changeSome(
  api: ReturnType<typeof apiOf>,
  databaseUrl: string,
  cardTokens: readonly string[],
  random: () => number,
) {
  const own = new Set(cardTokens);
  const tokens: string[] = [];
  const from = Math.floor(random() * 10);
  let changed = 0;
  const rows = (await cardRows(databaseUrl)).filter(({ card_token }) => own.has(card_token));
  await fewAtATime(
    rows.map((row, n) => ({ ...row, tenth: (n + from) % 10 })),
    async ({ card_id, card_token, tenth }) => {
      if (tenth > 1) return;
      await api('PATCH', `/cards/${card_id}`, tenth === 0 ? { status: 'closed' } : { funds_minor: 900_000_000_000 });
      if (tenth === 0) tokens.push(card_token);
      else changed++;
    },
    2,
  );
  return { tokens, changed };
}

/** A sentence for each that is open on either side, or of which both sides have other profiles. */
export async function judgeClosed(
  { edgeUrl, databaseUrl }: { readonly edgeUrl: string; readonly databaseUrl: string },
  closed: readonly string[],
): Promise<string[]> {
  const findings: string[] = [];
  const rows = new Map((await cardRows(databaseUrl)).map((row) => [row.card_token, row]));
  for (const [token, row] of rows) {
    const there = await readProfile(edgeUrl, token);
    if (there === null || there.version !== row.version || there.status !== row.status)
      findings.push(
        `${token} has profile ${row.version} (${row.status}) here, and ${there?.version} (${there?.status}) at the edge`,
      );
    if (closed.includes(token) && there?.status !== 'closed')
      findings.push(`${token} was closed, and is ${there?.status}`);
  }
  return findings;
}
