// What providers and database say of payouts in a drill, read by ways of their own.

import { connectOwner } from '../../../origin/db/which-postgres.ts';
import type { Entry } from '../../../scripts/simulated-provider/books.ts';
import type { ProviderProcess } from '../../provider-process.ts';
import { untilFinal } from '../../settlement-evidence.ts';
import type { BookedSettlement } from './judge-payouts.ts';

const names = ['simulated', 'simulated_secondary'] as const;
const finalWithinMs = 90_000;

export async function entriesOf(providers: readonly ProviderProcess[]): Promise<ReadonlyMap<string, readonly Entry[]>> {
  const all = providers.map(async ({ adminUrl }, n) => {
    const answer = await fetch(`${adminUrl}/payments`);
    const { payments } = (await answer.json()) as { payments: readonly Entry[] };
    return [names[n] ?? '', payments] as const;
  });
  return new Map(await Promise.all(all));
}

/** Most of them, by either provider: on a busy machine they wait behind others. */
export async function untilSent(
  providers: readonly ProviderProcess[],
  asked: readonly { readonly settlement_id: string }[],
): Promise<void> {
  for (const untilMs = Date.now() + finalWithinMs; Date.now() < untilMs; ) {
    const entries = [...(await entriesOf(providers)).values()].flat();
    const sent = new Set(entries.map(({ order }) => order.settlement_id));
    if (asked.filter(({ settlement_id }) => sent.has(settlement_id)).length > 0.75 * asked.length) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`settlements of the lost time were not sent within ${finalWithinMs} ms`);
}

/** The newest payments come back, in part. */
export async function takeBackSome(adminUrl: string, count: number): Promise<void> {
  const answer = await fetch(`${adminUrl}/payments`);
  const { payments } = (await answer.json()) as { payments: readonly Entry[] };
  for (const { order } of payments.filter(({ state }) => state === 'paid').slice(-count)) {
    const body = JSON.stringify({ settlement_id: order.settlement_id, amount_minor: '50' });
    const back = await fetch(`${adminUrl}/returns`, { method: 'POST', body });
    if (!back.ok) throw new Error(`a payment did not come back: ${back.status}`);
  }
}

export async function bookedSettlements(databaseUrl: string): Promise<readonly BookedSettlement[]> {
  const sql = await connectOwner(databaseUrl);
  const query = sql.query<BookedSettlement>(
    `select s.settlement_id, s.merchant_id, s.state, s.provider, s.amount_minor,
       (select coalesce(sum(r.amount_minor), 0)::text from settlement_returns r where r.settlement_id = s.settlement_id) as returned_minor
     from settlements s order by settlement_no`,
  );
  return await query.then(({ rows }) => rows).finally(() => sql.end());
}

export async function untilSettled(databaseUrl: string): Promise<void> {
  const sql = await connectOwner(databaseUrl);
  await untilFinal(sql, finalWithinMs, () => {}).finally(() => sql.end());
}
