// A run: cards one after the other until so many requests were decided. One seed, one run, one digest.

import { hasEvent } from '../../durable-objects/card/has-event.ts';
import { rounded } from '../../load/statistics.ts';
import { CardRun } from './card-run.ts';
import { Draw, seedFor } from './draw.ts';
import { holdOnly, Violation } from './laws.ts';
import type { HasEvent } from './set-back.ts';
import { type MakeCard, type MakeOutbox, realCard, realOutbox } from './simulated-card.ts';
import { Tally } from './tally.ts';
import { newWorld, type World } from './world.ts';

export interface SimulationOptions {
  readonly seed: number;
  readonly decisions: number;
  /** Over how many cards the decisions are spread. */
  readonly cards: number;
  /** Only this one of them: to look at a violation. */
  readonly onlyCard?: number | undefined;
  readonly keepGoing?: boolean;
  /** Only these cards, the last excluded: a thread's share. */
  readonly range?: readonly [from: number, until: number];
  /** Of the cards: those whose queue is once away for a thousand rows. */
  readonly burstShare?: number;
  /** `wire`: without the laws that compare with the model. */
  readonly laws?: 'all' | 'wire';
  readonly makeCard?: MakeCard;
  readonly makeOutbox?: MakeOutbox;
  readonly hasEvent?: HasEvent;
}

export interface ViolationReport {
  readonly law: string;
  readonly card: number;
  readonly step: number;
  readonly differs: string;
  readonly recent: readonly unknown[];
}

export interface SimulationReport {
  readonly tally: Tally;
  readonly violations: readonly ViolationReport[];
  readonly seconds: number;
  /** Of the threads that simulate: what is left of a machine that others use too. */
  readonly cpuSeconds: number;
  readonly threads: number;
}

/** Below so many decisions something may well not occur. */
export const coverageDecisionsMin = 100_000;
/** More cards with less behind them: what a card carries is looked at in every step. */
export const decisionsPerCard = 50;
const cardsPerWorld = 1_500;
/** So many rows cost as much as a hundred decisions. */
const usualBurstShare = 0.004;

/** The outbox says each failed send on the console: in a run they are thousands, and meant. */
async function withoutSendFailures<T>(run: () => Promise<T>): Promise<T> {
  const { error } = console;
  console.error = (...said: unknown[]) => {
    if (!String(said[0]).includes('card_events_not_published')) error(...said);
  };
  try {
    return await run();
  } finally {
    console.error = error;
  }
}

export async function simulate(options: SimulationOptions): Promise<SimulationReport> {
  holdOnly(options.laws ?? 'all');
  try {
    return await withoutSendFailures(() => simulateCards(options));
  } finally {
    holdOnly('all');
  }
}

async function simulateCards(options: SimulationOptions): Promise<SimulationReport> {
  const { seed, decisions, cards, onlyCard, keepGoing = false } = options;
  const { makeCard = realCard, makeOutbox = realOutbox, burstShare = usualBurstShare } = options;
  const [from, until] = onlyCard === undefined ? (options.range ?? [0, cards]) : [onlyCard, onlyCard + 1];
  const tally = new Tally();
  const violations: ViolationReport[] = [];
  const startedMs = performance.now();
  const startedCpu = process.threadCpuUsage();
  let world: World | null = null;
  let worldNumber = -1;
  for (let card = from; card < until; card++) {
    const number = Math.floor(card / cardsPerWorld);
    if (world === null || number !== worldNumber) world = newWorld(new Draw(seedFor(seed, -1 - number)));
    worldNumber = number;
    const share = Math.floor(((card + 1) * decisions) / cards) - Math.floor((card * decisions) / cards);
    const run = new CardRun({
      seed: seedFor(seed, card),
      cardIndex: card,
      world,
      makeCard,
      makeOutbox,
      hasEvent: options.hasEvent ?? hasEvent,
      burstShare,
      tally,
    });
    try {
      await run.run(share);
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      violations.push({ law: error.law, card, differs: error.differs, ...run.describe() });
      if (!keepGoing) break;
    }
    tally.endCard();
  }
  const { user, system } = process.threadCpuUsage(startedCpu);
  return {
    tally,
    violations,
    seconds: (performance.now() - startedMs) / 1_000,
    cpuSeconds: (user + system) / 1_000_000,
    threads: 1,
  };
}

/** The report as one object: what people and other programs read. */
export function figures(
  { seed, cards }: SimulationOptions,
  { tally, violations, seconds, cpuSeconds, threads }: SimulationReport,
) {
  const { approved, declined, messages, crashes, evictions, snapshots, trims, repeats, full_folds, orders_tried } =
    tally;
  const dayMs = 86_400_000;
  return {
    seed,
    decisions: tally.decisions,
    ...{ approved, declined, messages, crashes, evictions, snapshots, trims, repeats, cards, full_folds, orders_tried },
    simulated_days: Math.max(0, Math.round((tally.lastMs - tally.firstMs) / dayMs)),
    card_days: Math.round(tally.card_days),
    threads,
    decisions_per_s: Math.round(tally.decisions / seconds),
    decisions_per_cpu_s: Math.round(tally.decisions / cpuSeconds),
    seconds: rounded(seconds, 2),
    cpu_seconds: rounded(cpuSeconds, 2),
    violations: violations.length,
    digest: (tally.digest >>> 0).toString(16).padStart(8, '0'),
    never_occurred: tally.missing(),
    reasons: tally.reasons,
    controls: tally.controls,
    windows: tally.windows,
    turns: tally.turns,
  };
}
