// What a run of `npm run load -- objectives` has shown: whether every answer was right, and which figures of I8 were reached.

import type { Answered, AtOnce } from './at-once.ts';
import type { Counted } from './histogram-share.ts';
import type { K6Result } from './k6.ts';
import { percentile, rounded } from './statistics.ts';
import { type Expected, wrongWith } from './wrong-with.ts';

/** What I8 asks for. */
export const wanted = {
  service: { perS: 500, p95Ms: 200 },
  gateway: { perS: 1_000, p95Ms: 50 },
  atOnce: 400,
  database: { p95Ms: 10 },
  cache: { p95Ms: 1 },
} as const;

export type RateLoad = Pick<
  K6Result,
  'requests' | 'p50_ms' | 'p95_ms' | 'p99_ms' | 'failed_requests' | 'failed_checks' | 'dropped_iterations'
>;

export interface ManyAtOnce {
  readonly rounds: number;
  /** The fewest that the origin held a request on before the first body of its round was sent. */
  readonly connections_min: number;
  readonly right: number;
  readonly wrong: number;
  /** Of the wrong ones, the first few. */
  readonly wrong_examples: readonly string[];
  readonly p50_ms: number;
  readonly p95_ms: number;
  /** The longest that any waited. */
  readonly max_ms: number;
}

export interface Figures {
  readonly seconds: number;
  readonly service: RateLoad & { readonly settlements_created: number };
  readonly gateway: RateLoad;
  readonly at_once: ManyAtOnce;
  /** Settlements of the run that the database has, those of `at_once` too. */
  readonly stored: number;
  /** Commits and commands to Redis while the two rates were asked. Null: Redis is not installed. */
  readonly database: Counted;
  readonly cache: Counted | null;
}

const examplesMax = 5;

/** Every answer by what was asked, and no two with one settlement's id. */
export function judgeAtOnce(
  rounds: readonly { readonly asked: readonly Expected[]; readonly all: AtOnce }[],
): ManyAtOnce {
  const seen = new Set<unknown>();
  const wrongs: string[] = [];
  const took: number[] = [];
  for (const { asked, all } of rounds) {
    for (const [index, expected] of asked.entries()) {
      const answer = all.answers[index] ?? 'no answer';
      const wrong = typeof answer === 'string' ? answer : (wrongWith(answer, expected) ?? repeated(answer, seen));
      if (wrong !== null) wrongs.push(wrong);
      else if (typeof answer !== 'string') took.push(answer.tookMs);
    }
  }
  const ms = (value: number) => rounded(value, 1);
  return {
    rounds: rounds.length,
    connections_min: Math.min(...rounds.map(({ all }) => all.connections)),
    right: took.length,
    wrong: wrongs.length,
    wrong_examples: [...new Set(wrongs)].slice(0, examplesMax),
    p50_ms: ms(percentile(took, 50)),
    p95_ms: ms(percentile(took, 95)),
    max_ms: ms(percentile(took, 100)),
  };
}

/** Whether another question was answered with this settlement. `body` was read before: it is an object. */
function repeated({ body }: Answered, seen: Set<unknown>): string | null {
  const { settlement_id } = JSON.parse(body) as { readonly settlement_id?: unknown };
  if (typeof settlement_id !== 'string') return 'no settlement_id';
  if (seen.has(settlement_id)) return 'the settlement of another question';
  seen.add(settlement_id);
  return null;
}

/** What must not be, however slow the machine is. */
export function wrongAnswers({ service, gateway, at_once, stored }: Figures): string[] {
  const ofRate = (name: string, { failed_requests, failed_checks }: RateLoad) =>
    failed_checks === 0 ? [] : [`${name}: ${failed_checks} wrong answers, ${failed_requests} of them without 2xx`];
  const accepted = service.settlements_created + at_once.right;
  return [
    ...ofRate('service', service),
    ...ofRate('gateway', gateway),
    ...(at_once.wrong === 0 ? [] : [`at once: ${at_once.wrong} wrong answers: ${at_once.wrong_examples.join('; ')}`]),
    ...(accepted === stored ? [] : [`${accepted} settlements were accepted, and ${stored} are stored`]),
  ];
}

/** The figures of I8 that were not reached, with what was. */
export function missedFigures({ seconds, service, gateway, at_once, database, cache }: Figures): string[] {
  const ofRate = (name: 'service' | 'gateway', { requests, p95_ms, dropped_iterations }: RateLoad) => [
    ...(dropped_iterations === 0
      ? []
      : [
          `${name}: ${Math.floor(requests / seconds)}/s asked, ${wanted[name].perS}/s wanted (${dropped_iterations} not sent in time)`,
        ]),
    ...(p95_ms < wanted[name].p95Ms
      ? []
      : [`${name}: p95 ${rounded(p95_ms, 1)} ms, under ${wanted[name].p95Ms} ms wanted`]),
  ];
  const ofInside = (name: 'database' | 'cache', { count, within }: Counted) =>
    count > 0 && within >= 0.95 * count
      ? []
      : [`${name}: ${within} of ${count} within ${wanted[name].p95Ms} ms, 95 of 100 wanted`];
  return [
    ...ofRate('service', service),
    ...ofRate('gateway', gateway),
    ...(at_once.connections_min >= wanted.atOnce
      ? []
      : [`at once: ${at_once.connections_min} connections, ${wanted.atOnce} wanted`]),
    ...ofInside('database', database),
    ...(cache === null ? [] : ofInside('cache', cache)),
  ];
}

function edgeInWords(seconds: number | null): string {
  if (seconds === null) return 'unknown';
  return seconds === Number.POSITIVE_INFINITY ? 'above the last edge' : `at most ${rounded(seconds * 1_000, 2)} ms`;
}

export function inWords(figures: Figures): string {
  const { seconds, service, gateway, at_once, database, cache, stored } = figures;
  const wrong = wrongAnswers(figures);
  const missed = missedFigures(figures);
  const rate = ({ requests, p50_ms, p95_ms, p99_ms }: RateLoad) =>
    `${Math.floor(requests / seconds)}/s, p50 ${rounded(p50_ms, 1)} ms, p95 ${rounded(p95_ms, 1)} ms, p99 ${rounded(p99_ms, 1)} ms`;
  const inside = ({ count, within, p95AtMost }: Counted, name: 'database' | 'cache') =>
    `${within} of ${count} within ${wanted[name].p95Ms} ms; p95 ${edgeInWords(p95AtMost)}`;
  return [
    wrong.length === 0 ? 'objectives (I8): every answer was right.' : `objectives (I8): WRONG: ${wrong.join('; ')}.`,
    missed.length === 0 ? '  every figure was reached.' : `  MISSED: ${missed.join('; ')}.`,
    `  service, 500/s, p95 < 200 ms     ${rate(service)}`,
    `  gateway, 1,000/s, p95 < 50 ms    ${rate(gateway)}`,
    `  400 at once                      ${at_once.rounds} times on ${at_once.connections_min} connections: ${at_once.right} right, ${at_once.wrong} wrong; p50 ${at_once.p50_ms} ms, p95 ${at_once.p95_ms} ms, max ${at_once.max_ms} ms`,
    `  database, commits, p95 < 10 ms   ${inside(database, 'database')}`,
    `  cache, commands, p95 < 1 ms      ${cache === null ? 'not measured: no redis-server' : inside(cache, 'cache')}`,
    `  ${stored} settlements are stored, ${service.settlements_created + at_once.right} were accepted`,
    '',
  ].join('\n');
}
