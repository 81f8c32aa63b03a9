// What is due, taken up in one commit: under a lease, its amount reserved, its provider chosen, and marked as perhaps paid,
// before a byte is sent. Whatever dies afterwards finds in the database whom to ask.

import { advance, type Finding, type SettlementPolicy } from '../../core/settlement/settlement.ts';
import type { Database, Sql } from '../db/client.ts';
import { owedTo } from '../merchants/owed.ts';
import { chooseProvider } from '../providers/choose-provider.ts';
import type { GuardedProvider } from '../providers/guarded.ts';
import { lockWithheld } from './contradictions.ts';
import { raiseRefused } from './for-a-person.ts';
import { lockDue, type SettlementRow } from './settlement-row.ts';
import { type Change, type Exchange, type Lease, storeChanges, unchanged } from './store-changes.ts';
import type { TransitAccounts } from './transit-accounts.ts';

/** What is to be done with a settlement, by whoever holds its lease. */
export interface Task {
  /** `ask`: it was sent, or somebody was about to. */
  readonly kind: 'submit' | 'ask';
  readonly row: SettlementRow;
  readonly provider: GuardedProvider;
  readonly token: string;
  /** By the process's own clock, from before the lease began: after it nothing is sent, for somebody else may have it. */
  readonly sendBeforeMs: number;
}

export interface EngineParts {
  readonly database: Database;
  readonly transit: TransitAccounts;
  /** Primary first. */
  readonly providers: readonly GuardedProvider[];
  readonly policy: SettlementPolicy;
}

interface Plan {
  readonly change: Change;
  readonly task: Pick<Task, 'kind' | 'row' | 'provider'> | null;
  /** Why it could not be planned: for a person. */
  readonly odd?: unknown;
}

export interface Claimed {
  readonly found: number;
  readonly tasks: readonly Task[];
  readonly changes: readonly Change[];
}

/** How long one waits whose merchant's providers are all down, while others' are not. */
const postponedMs = 5_000;
/** The same for one that cannot be taken up as it stands: its reason is in its row. */
const unreadableMs = 60_000;

/** Those that can be sent to, or asked. */
export function usableOf(providers: readonly GuardedProvider[]): string[] {
  return providers.filter((provider) => provider.availability() !== 'open').map(({ name }) => name);
}

/** Throws a check violation where another transaction reserved what was still available here: then it is tried again. */
export async function claimDue(parts: EngineParts, limit: number, lease: Lease): Promise<Claimed> {
  const { database, transit, providers } = parts;
  const usable = usableOf(providers);
  // Read-only: with nobody to send to, nothing is begun, and nobody can be asked.
  if (usable.length === 0) return { found: 0, tasks: [], changes: [] };
  const sendBeforeMs = performance.now() + lease.ms / 2;
  const plans = await database.transaction(async (sql) => {
    const rows = await lockDue(sql, usable, limit);
    if (rows.length === 0) return [];
    const reserving = rows.filter(({ step }) => step === 'reserve');
    const left = await payableTo(
      sql,
      reserving.map(({ merchant_id }) => merchant_id),
    );
    const planner = new Planner(parts, lease, left);
    const planned = rows.map((row) => planner.planOrPostpone(row));
    await transit.ensure(
      // One that is tried again may have been with a provider that the configuration no longer names.
      [...providers.map(({ name }) => name), ...rows.flatMap(({ provider }) => provider ?? [])],
      rows.map(({ currency }) => currency),
    );
    const changes = planned.map(({ change }) => change);
    for (const { change, odd } of planned)
      if (odd !== undefined)
        await raiseRefused(sql, { settlement_id: change.before.settlement_id, step: 'take_up' }, odd);
    await storeChanges(sql, transit, changes, planned.flatMap(sendingOf));
    return planned;
  });
  const tasks = plans.flatMap(({ task }) => (task === null ? [] : [{ ...task, token: lease.token, sendBeforeMs }]));
  return { found: plans.length, tasks, changes: plans.map(({ change }) => change) };
}

/** What each merchant is owed, and nobody has reserved or withholds. */
async function payableTo(sql: Sql, merchantIds: readonly string[]): Promise<Map<string, bigint>> {
  let owed = await owedTo(sql, merchantIds);
  const withheld = [...owed.values()].filter(({ withheld_minor }) => withheld_minor > 0n);
  if (withheld.length > 0) {
    // The ledger alone would allow to reserve what is withheld: so nobody else may reserve of these until the commit.
    await lockWithheld(
      sql,
      withheld.map(({ merchant_id }) => merchant_id),
    );
    owed = await owedTo(sql, merchantIds);
  }
  return new Map([...owed].map(([merchant_id, { payable_minor }]) => [merchant_id, payable_minor]));
}

/** What becomes of each settlement of one batch: each sees what those before it reserved. */
class Planner {
  readonly #parts: EngineParts;
  readonly #lease: Lease;
  /** What each merchant is owed, and nobody has reserved or withholds. */
  readonly #left: Map<string, bigint>;
  /** A provider that is being tried out gets one of the batch, not all of it. */
  readonly #triedOut = new Set<GuardedProvider>();

  constructor(parts: EngineParts, lease: Lease, left: Map<string, bigint>) {
    this.#parts = parts;
    this.#lease = lease;
    this.#left = left;
  }

  /** One that stands where nothing stands must not keep the others from their turn. */
  planOrPostpone(row: SettlementRow): Plan {
    try {
      return this.plan(row);
    } catch (error) {
      const { change, task } = this.#keep(row, { due_in_ms: unreadableMs, lease: null });
      const reason = error instanceof Error ? error.message : 'cannot be taken up';
      return { change: { ...change, after: { ...change.after, reason } }, task, odd: error };
    }
  }

  plan(row: SettlementRow): Plan {
    if (row.state === 'processing' && row.outcome_unknown) return this.#ask(row);
    const available = this.#left.get(row.merchant_id) ?? 0n;
    const reserving = row.step === 'reserve';
    if (reserving && row.amount_minor > available) return this.#change(row, { found: 'not_owed' }, null);
    const choice = chooseProvider({
      providers: this.#parts.providers.filter((provider) => !this.#triedOut.has(provider)),
      destinations: row.destinations,
      amount_minor: row.amount_minor,
      currency: row.currency,
      notTakenBy: row.submissions > 0 ? row.provider : null,
    });
    if (choice.outcome === 'none_available' || (choice.outcome !== 'chosen' && this.#triedOut.size > 0))
      return this.#keep(row, { due_in_ms: Math.ceil(postponedMs * (0.5 + Math.random())), lease: null });
    if (choice.outcome !== 'chosen') return this.#change(row, { found: 'unpayable', code: choice.outcome }, null);
    const { provider } = choice;
    if (provider.availability() === 'half_open') this.#triedOut.add(provider);
    if (reserving) this.#left.set(row.merchant_id, available - row.amount_minor);
    return this.#change(row, { found: 'reserved', provider: provider.name }, provider);
  }

  #ask(row: SettlementRow): Plan {
    const provider = this.#parts.providers.find(({ name }) => name === row.provider);
    if (provider === undefined)
      throw new Error(`${row.settlement_id} is with ${row.provider}, which is not configured`);
    const { change } = this.#keep(row, { due_in_ms: null, lease: this.#lease });
    return { change, task: { kind: 'ask', row, provider } };
  }

  #change(row: SettlementRow, finding: Finding, provider: GuardedProvider | null): Plan {
    const after = advance({ ...row, state: 'processing' }, finding, this.#parts.policy, Math.random());
    const change = { before: row, after, actor: 'engine', lease: provider === null ? null : this.#lease };
    return { change, task: provider && { kind: 'submit', row: { ...row, ...after.progress }, provider } };
  }

  #keep(row: SettlementRow, { due_in_ms, lease }: { due_in_ms: number | null; lease: Lease | null }): Plan {
    return { change: unchanged(row, { due_in_ms, lease }), task: null };
  }
}

function sendingOf({ task }: Plan): Exchange[] {
  if (task?.kind !== 'submit') return [];
  const { settlement_id, submissions } = task.row;
  const sending = { kind: 'submit', outcome: 'sending', detail: '', duration_ms: null } as const;
  return [{ ...sending, settlement_id, submission: submissions, provider: task.provider.name }];
}

/** SQL: since when the settlement that is due the longest has been due. */
export const oldestDue = `
  select min(due_at) from settlements
  where state in ('queued', 'processing', 'retry_pending') and dead_lettered_at is null and due_at <= now()`;

/** SQL: when the next one comes due. */
export const nextDue = `
  select min(due_at) from settlements
  where state in ('queued', 'processing', 'retry_pending') and dead_lettered_at is null`;
