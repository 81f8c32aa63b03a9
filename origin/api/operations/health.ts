// How the origin is, and each thing it depends on (D1). /livez: the process runs. /readyz: it can serve. /health: the whole
// picture for people and dashboards; `degraded` where money still flows and something needs a look.

import type { Context } from 'hono';
import type { Amounts } from '../../../contracts/amount-max.ts';
import { type LastProof, readLastProofs } from '../../audit/last-proofs.ts';
import type { Database } from '../../db/client.ts';
import type { EdgeClient } from '../../edge/edge-client.ts';
import { type FencedCards, fencedCards } from '../../intake/fenced-cards.ts';
import { muchSuspense, suspenseOf } from '../../ledger/suspense.ts';
import { describeError } from '../../log.ts';
import type { Loop } from '../../loop.ts';
import { lagsOf, problemOfLoop } from '../../loops.ts';
import { countOpenItems, type OpenItemCount } from '../../open-items/open-item.ts';
import type { SettlementEngine } from '../../payouts/engine.ts';
import type { ProviderStanding } from '../../providers/choose-provider.ts';
import { answer } from '../http/answer.ts';

type Status = 'healthy' | 'degraded' | 'unhealthy';

export interface HealthParts {
  readonly database: Database;
  readonly edge: Pick<EdgeClient, 'ping' | 'checkBundle'>;
  /** One a queue; none where the edge pushes. */
  readonly pulls: readonly Loop[];
  /** Every loop of the process. */
  readonly loops: readonly Loop[];
  readonly engine: Pick<SettlementEngine, 'state'>;
  /** How long an open item may wait for a person. */
  readonly openItemAgeMsMax: number;
  /** How much of a currency may be in suspense; absent: the default of each. */
  readonly suspenseMax?: Amounts;
  readonly isStopping: () => boolean;
}

const timeoutMs = 2_000;
/** Of a commit on its way to the disk: a busy disk takes tens of milliseconds, and at 5 s its caller is told that it is not known. */
const flushAgeMsMax = 2_500;
/** An event that waits this long for one before it: gap repair, which takes seconds, does not get it. */
const gapAgeMsMax = 60_000;

export function livez(context: Context): Response {
  return answer(context, { status: 'ok' });
}

export function readyz({ database, isStopping }: HealthParts) {
  return async (context: Context): Promise<Response> => {
    if (isStopping()) return answer(context, { status: 'stopping' }, 503);
    const { status } = await check('database', 'unhealthy', () => ping(database));
    const oldest_flush_ms = Math.round(database.flushAgeMs());
    // A server that answers and writes nothing to its disk is as good as none to whoever waits for a commit.
    const problem =
      status !== 'healthy'
        ? 'database unavailable'
        : oldest_flush_ms > flushAgeMsMax
          ? "the database's disk does not answer"
          : null;
    return answer(context, { status: problem ?? 'ok', oldest_flush_ms }, problem === null ? 200 : 503);
  };
}

export function health(parts: HealthParts) {
  const { database, edge, pulls, loops, engine, openItemAgeMsMax, suspenseMax = new Map() } = parts;
  return async (context: Context): Promise<Response> => {
    const { providers, failures, unconfigured } = engine.state();
    // Null where the database does not say.
    const seen: { open_items: readonly OpenItemCount[] | null; fenced_cards: FencedCards | null } = {
      open_items: null,
      fenced_cards: null,
    };
    const [lags, suspense, proofs, ...checks] = await Promise.all([
      within(timeoutMs, lagsOf(loops)).catch(() => new Map<string, number | null>()),
      // Null where the database does not say, as for open items.
      within(timeoutMs, suspenseOf(database.sql)).catch(() => null),
      within(timeoutMs, readLastProofs(database.sql)).catch(() => null),
      check('database', 'unhealthy', () => ping(database)),
      // Without the edge nothing new arrives, and everything booked can still be read.
      check('edge', 'degraded', () => edge.ping()),
      check('edge bundle', 'degraded', () => edge.checkBundle()),
      check('queue', 'degraded', () => assertPulling(pulls)),
      check('intake', 'degraded', () => assertFlowing(database)),
      check('open items', 'degraded', async () => {
        seen.open_items = await countOpenItems(database.sql);
        assertSeenTo(seen.open_items, openItemAgeMsMax);
      }),
      check('fenced cards', 'degraded', async () => {
        seen.fenced_cards = await fencedCards(database.sql);
        assertNoneFenced(seen.fenced_cards);
      }),
      check('settlement', 'degraded', () => assertSettling(database, failures)),
      // Settlements wait, or go to the next one: nothing is lost while one is away.
      ...Object.keys(providers).map((name) =>
        check(`provider ${name}`, 'degraded', () => assertTakes(name, providers)),
      ),
      ...unconfigured.map(({ provider, payments }) =>
        check(`provider ${provider}`, 'degraded', () =>
          Promise.reject(new Error(`it is not configured, and ${payments} payments are under way at it`)),
        ),
      ),
      ...loops.map((loop) => check(`loop ${loop.state().name}`, 'degraded', () => assertMoves(loop))),
    ]);
    // Shown among the dependencies where somebody must look.
    const much = muchSuspense(suspense ?? [], suspenseMax);
    const dependencies =
      much === null
        ? checks
        : [...checks, { name: 'suspense', status: 'degraded' as const, latency_ms: 0, error: much }];
    const worst = (status: Status) => dependencies.some((dependency) => dependency.status === status);
    const status: Status = worst('unhealthy') ? 'unhealthy' : worst('degraded') ? 'degraded' : 'healthy';
    const shown = loops.map((loop) => loopView(loop, lags));
    return answer(
      context,
      { status, dependencies, ...seen, suspense, last_proofs: proofs?.map(proofView) ?? null, loops: shown },
      status === 'unhealthy' ? 503 : 200,
    );
  };
}

function loopView(loop: Loop, lags: ReadonlyMap<string, number | null>) {
  const { name, standing, failures, last_success_at_ms, last_error } = loop.state();
  const last_success_at = last_success_at_ms === null ? null : new Date(last_success_at_ms).toISOString();
  return { name, standing, failures, last_success_at, last_error, lag_ms: lags.get(name) ?? null };
}

function proofView({ kind, proved_at }: LastProof) {
  return { of: kind, proved_at: proved_at?.toISOString() ?? null };
}

function assertMoves(loop: Loop): Promise<void> {
  const problem = problemOfLoop(loop.state());
  return problem === null ? Promise.resolve() : Promise.reject(new Error(problem));
}

async function check(name: string, otherwise: Status, work: () => Promise<void>) {
  const startMs = performance.now();
  const latency = () => Math.round((performance.now() - startMs) * 100) / 100;
  try {
    await within(timeoutMs, work());
    return { name, status: 'healthy' as const, latency_ms: latency(), error: null };
  } catch (error) {
    // Messages of ours and of the driver: they name hosts and codes, never rows.
    const { message, code } = describeError(error);
    return { name, status: otherwise, latency_ms: latency(), error: message || code || 'failed' };
  }
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

async function ping({ sql }: Database): Promise<void> {
  await sql.query('select 1');
}

function assertPulling(pulls: readonly Loop[]): Promise<void> {
  const failures = Math.max(0, ...pulls.map((pull) => pull.failures()));
  return failures === 0 ? Promise.resolve() : Promise.reject(new Error(`the last ${failures} pulls failed`));
}

async function assertFlowing({ sql }: Database): Promise<void> {
  const { rows } = await sql.query<{ gaps: string; oldest_ms: string | null }>(
    `select count(*) as gaps, (extract(epoch from now() - min(waiting.received_at)) * 1000)::bigint as oldest_ms
     from card_streams s
     cross join lateral (
       select min(received_at) as received_at from card_events e
       where e.stream_id = s.stream_id and e.sequence > s.applied_sequence
     ) as waiting
     where s.has_gap`,
  );
  const [row] = rows;
  if (row === undefined) return;
  if (Number(row.oldest_ms ?? 0) > gapAgeMsMax)
    throw new Error(`${row.gaps} cards wait for events, the oldest for ${row.oldest_ms} ms`);
}

/** At once: each declines what its holder buys. */
function assertNoneFenced({ cards, oldest_age_ms }: FencedCards): void {
  if (cards > 0)
    throw new Error(`${cards} cards decide nothing until they are rebuilt, the oldest for ${oldest_age_ms} ms`);
}

/** By their age alone: what came a moment ago is no reason to wake anybody, and its number is in the answer anyway. */
function assertSeenTo(counts: readonly OpenItemCount[], ageMsMax: number): void {
  const old = counts.filter(({ oldest_age_seconds }) => oldest_age_seconds * 1_000 > ageMsMax);
  if (old.length === 0) return;
  const said = old.map(({ kind, oldest_age_seconds }) => `${kind} for ${Math.floor(oldest_age_seconds / 3_600)} h`);
  throw new Error(`open items wait for a person: ${said.join(', ')}`);
}

async function assertSettling({ sql }: Database, failures: number): Promise<void> {
  if (failures > 0) throw new Error(`the engine's last ${failures} rounds failed`);
  const { rows } = await sql.query<{ dead: string }>(
    'select count(*) as dead from settlements where dead_lettered_at is not null',
  );
  const dead = Number(rows[0]?.dead ?? 0);
  if (dead > 0) throw new Error(`${dead} settlements wait for a person`);
}

/** Also where what it does not take goes meanwhile: to those whose breakers let it through, as far as a destination has them. */
function assertTakes(name: string, providers: Readonly<Record<string, ProviderStanding>>): Promise<void> {
  const { breaker = 'closed', newest_trouble = null } = providers[name] ?? {};
  if (breaker !== 'open' && newest_trouble === null) return Promise.resolve();
  const what = breaker === 'closed' ? 'its newest exchange failed' : `its breaker is ${breaker.replace('_', ' ')}`;
  const others = Object.keys(providers).filter((other) => other !== name && providers[other]?.breaker !== 'open');
  const meanwhile =
    others.length === 0
      ? 'no other takes payments, and they wait'
      : `payments fail over to ${others.join(', ')} where their destination has it`;
  return Promise.reject(new Error(`${newest_trouble === null ? what : `${what}: ${newest_trouble}`}; ${meanwhile}`));
}
