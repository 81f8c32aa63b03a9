// What came of many tasks, in one commit: post or void, the new state, and every word exchanged. A task whose lease somebody
// else has by now is not recorded but for its words: whoever has it will ask.

import { advance, type Finding, type SettlementChange } from '../../core/settlement/settlement.ts';
import type { EngineParts } from './claim.ts';
import { isFinal, lockSettlements, type SettlementRow } from './settlement-row.ts';
import { type Change, type Exchange, storeChanges } from './store-changes.ts';

export interface Result {
  readonly settlement_id: string;
  /** The lease under which it was found out. */
  readonly token: string;
  readonly finding: Finding;
  readonly exchanges: readonly Exchange[];
}

export interface Recorded {
  readonly before: SettlementRow;
  readonly change: SettlementChange;
}

export async function recordResults(
  { database, transit, providers, policy }: EngineParts,
  results: readonly Result[],
): Promise<Recorded[]> {
  return await database.transaction(async (sql) => {
    const rows = await lockSettlements(
      sql,
      results.map(({ settlement_id }) => settlement_id),
    );
    const recorded: Recorded[] = [];
    for (const { settlement_id, token, finding } of results) {
      const before = rows.get(settlement_id);
      // The provider's own word may have come first, and it may be final.
      if (before === undefined || isFinal(before) || before.lease_owner !== token) continue;
      recorded.push({ before, change: advance(before, finding, policy, Math.random()) });
    }
    await transit.ensure(
      providers.map(({ name }) => name),
      recorded.map(({ before }) => before.currency),
    );
    const changes = recorded.map(
      ({ before, change }): Change => ({ before, after: change, actor: 'engine', lease: null }),
    );
    await storeChanges(
      sql,
      transit,
      changes,
      results.flatMap(({ exchanges }) => exchanges),
    );
    return recorded;
  });
}
