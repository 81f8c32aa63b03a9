// The faults by the words that name them, and what one line of the table says of each: a new fault is a file and an entry.

import { cardData } from './card-data.ts';
import { clocks } from './clocks.ts';
import { crashPoints } from './crash-points.ts';
import { edgeFaults } from './edge.ts';
import { killDatabase } from './kill-database.ts';
import { killEdge } from './kill-edge.ts';
import { originGone } from './origin-gone.ts';
import { overload } from './overload.ts';
import { poison } from './poison.ts';
import { queueFaults } from './queue.ts';
import { redisFaults } from './redis.ts';
import { releases } from './releases.ts';
import { restoreCard } from './restore-card.ts';
import { restoreDatabase } from './restore-database.ts';
import { rotate } from './rotate.ts';
import { tampering } from './tampering.ts';

/** What the command line may say; each fault reads what it needs. */
export interface FaultOptions {
  readonly kills: number;
  readonly restores: number;
  readonly seed: number;
  readonly cards: number;
  readonly rate: number;
  readonly points: number;
  /** How long what is broken stays so; null: as long as that fault thinks right. */
  readonly seconds: number | null;
  readonly progress: (line: string) => void;
}

export interface FaultReport {
  readonly fault: string;
  /** A sentence for each thing that is not as it must be. None: the fault was survived. */
  readonly findings: readonly string[];
}

/** Sizes at which a fault takes some ten seconds; or the test by which CI runs it by itself, so that the short table need not. */
type Short = Partial<FaultOptions> | `tests/${string}.test.ts` | `npm run ${string}`;

interface Entry<R extends FaultReport> {
  readonly does: string;
  readonly short: Short;
  readonly run: (parts: AsyncDisposableStack, options: FaultOptions) => Promise<R>;
  /** The figures that count, in one line. */
  readonly figure: (report: R) => string;
}

export interface Fault {
  readonly does: string;
  readonly short: Short;
  readonly run: (parts: AsyncDisposableStack, options: FaultOptions) => Promise<Ran>;
}

export interface Ran {
  readonly report: FaultReport;
  readonly figure: string;
}

/** The report's own type stays between the run and its figure. */
function fault<R extends FaultReport>({ does, short, run, figure }: Entry<R>): Fault {
  return {
    does,
    short,
    async run(parts, options) {
      const report = await run(parts, options);
      return { report, figure: figure(report) };
    },
  };
}

const percent = (share: number) => `${Math.round(share * 1_000) / 10}%`;
const few = { cards: 40, rate: 100 } as const;

export const faults = {
  'kill-edge': fault({
    does: 'kill -9 of workerd under load, and a restart on the same disk',
    short: 'tests/kill-edge.test.ts',
    run: killEdge,
    figure: (r) => `${r.kills} kills: ${r.acknowledged} approvals, ${r.lost} lost, ${r.double_counted} counted twice`,
  }),
  'kill-database': fault({
    does: 'SIGQUIT to Postgres under load, on a disk that is waited for',
    short: { kills: 2 },
    run: killDatabase,
    figure: (r) =>
      `${r.kills} kills: ${r.acknowledged} acknowledged, ${r.lost} lost; serving again after ${r.ms_until_serving_max} ms at most`,
  }),
  edge: fault({
    does: 'card objects that throw, are slow or stay away, and queues that refuse: E1 to E5',
    short: 'tests/edge-faults.test.ts',
    run: edgeFaults,
    figure: (r) => `${r.cases.length} cases, ${r.cases.length - r.findings.length} right`,
  }),
  'origin-gone': fault({
    does: "the origin gone for an hour's traffic (kill -9), and started again",
    short: { ...few, seconds: 5 },
    run: originGone,
    figure: (r) =>
      `${r.calls} calls in ${r.away_seconds} s without it: ${r.edge_errors} errors at the edge; ${r.backlog_events} events behind, booked ${r.drained_in_ms} ms after its start, ${r.out_of_order} out of a card's order`,
  }),
  queue: fault({
    does: 'messages ten times, reordered, delayed, lost, and acknowledgements dropped',
    short: { ...few, cards: 60, seconds: 5 },
    run: queueFaults,
    figure: (r) =>
      `${r.events} events (${r.messages} messages, ${r.lost_messages} of them lost) delivered ${r.deliveries} times: ${r.effects} effects`,
  }),
  poison: fault({
    does: 'one message in a hundred that nobody can read; dead letters handed in again and again under traffic',
    short: { cards: 30, seconds: 12 },
    run: poison,
    figure: (r) =>
      `${percent(r.throughput_share)} of the throughput (clean rounds differ by ${percent(r.noise_of_clean_rounds)}); ${r.with_a_reason} of ${r.poisoned_messages} with a reason; of ${r.replay.letters} letters ${r.replay.first_effects} effects, then ${r.replay.second_effects}`,
  }),
  clocks: fault({
    does: "origin's and edge's clocks ten minutes off, the edge's an hour back, ends of days with a change of daylight time",
    short: { ...few, seconds: 9 },
    run: clocks,
    figure: (r) =>
      `${r.events} events, ${r.misplaced} misplaced (${r.furthest_off_ms} ms at most); ${r.day_ends} ends of days, ${r.misplaced_by_day} wrong; the origin's clock: ${r.origins_clock}`,
  }),
  redis: fault({
    does: 'Redis gone, slow and lying under settlements and their repeats',
    short: { seconds: 10 },
    run: redisFaults,
    figure: (r) => r.skipped ?? `${r.keys} keys, ${r.effects} effects, ${r.other_answers} other answers`,
  }),
  overload: fault({
    does: 'five times as many requests for settlements as are answered at the peak',
    // Its callers and the origin share the machine: a figure of a busy one says nothing.
    short: 'npm run faults -- overload',
    run: overload,
    figure: (r) =>
      `peak ${r.peak.goodput_per_s}/s; offered ${r.during.offered_per_s}/s: ${r.during.goodput_per_s}/s in time (${percent(r.goodput_share)}); ${percent(r.after.in_time_share)} in time after it`,
  }),
  tampering: fault({
    does: 'rows changed as the service, as the owner, as a superuser',
    short: {},
    run: tampering,
    figure: (r) =>
      `as the service ${r.app.refused} of ${r.app.tried} refused, as the owner ${r.owner.refused} of ${r.owner.tried}; past every trigger ${r.superuser.detected} of ${r.superuser.tried} detected`,
  }),
  'restore-card': fault({
    does: "cards' storage set back or lost under load, and rebuilt from the books",
    short: 'tests/restore-card.test.ts',
    run: restoreCard,
    figure: (r) =>
      `${r.cards_set_back} cards set back, whole again within ${r.whole_again_ms_max} ms; ${r.acknowledged} approvals, ${r.lost} lost, ${r.double_counted} held twice`,
  }),
  'restore-database': fault({
    does: 'Postgres set back under load, and brought back by docs/recovery.md',
    short: 'npm run faults -- restore-database',
    run: restoreDatabase,
    figure: (r) =>
      `${r.audit_events_lost} audit events gone; ${r.acknowledged} approvals, ${r.lost} lost, ${r.double_counted} doubled, ${r.paid_twice} paid twice; brought back in ${Math.round(r.recovered_ms / 1_000)} s`,
  }),
  releases: fault({
    does: 'the release before and this one, edge and origin, in turn on one disk and database, under load',
    short: 'npm run compatible',
    run: releases,
    figure: (r) => `${r.findings.length} differences`,
  }),
  'crash-points': fault({
    does: 'a settlement engine that dies at its k-th effect, and another, and a third',
    short: { points: 10 },
    run: crashPoints,
    figure: (r) =>
      `${r.restarts} engines died, ${r.settlements} settlements: ${r.paid_twice} paid twice, ${r.lost} lost`,
  }),
  rotate: fault({
    does: 'every secret changed under load, by the steps of docs/operating.md',
    short: 'tests/rotate.test.ts',
    run: rotate,
    figure: (r) => `${r.findings.length} refused or unpaid`,
  }),
  'card-data': fault({
    does: 'marked card numbers through every channel; then a search of all that is kept or was sent on',
    short: 'tests/card-data.test.ts',
    run: cardData,
    figure: (r) => `${r.channels.length} channels, ${r.findings.length} numbers kept or sent on`,
  }),
} as const satisfies Readonly<Record<string, Fault>>;

export type FaultName = keyof typeof faults;

export const faultNames = Object.keys(faults) as FaultName[];
