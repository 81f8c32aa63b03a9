// Many calls to the edge in few: of a hundred cards in one round trip. Each has an answer of its own, and may be repeated. What cannot be asked
// so is asked one by one: of an edge of the release before, which does not know such calls, and where one of the cards holds up the others.

import type * as z from 'zod';
import { callsAnswerSchema } from '../../contracts/internal-answers.ts';
import { limits } from '../../contracts/limits.ts';
import { answerIn, EdgeRefused, type Method } from './edge-answer.ts';

export interface EdgeCall<T> {
  readonly schema: z.core.$ZodType<T>;
  readonly method: Method;
  /** With its query. */
  readonly path: string;
  readonly body: string;
  /** Where it may take longer than any call. */
  readonly timeoutMs?: number;
}

export type Settled<T> = PromiseSettledResult<T>;

/** Bytes of the calls in one, less what is around them; a profile of the largest size has room, all its quotes escaped. */
const bytesMax = limits.batchBytesMax - 4_096;
/** A hundred cards are three hundred commits at the edge: on a slow disk, seconds. */
const timeoutMs = 15_000;
/** Cards in a call, at least, of an edge that did not answer larger ones in time. */
const cardsMin = 5;
/** Calls one by one at any moment. */
const aloneMax = 20;
/** How long an edge that did not know such calls is asked one by one, before it is tried again: it may be deployed meanwhile. */
const notKnownMs = 60_000;
/** An edge of before reads no longer body than any caller's, and says so before it looks for the path. */
const notKnownCodes = new Set(['route_not_found', 'body_too_large']);
/** Cards that held up a call; forgotten when there are more, which costs another call that is held up. */
const slowMax = 1_000;

interface Edge {
  call<T>(asked: EdgeCall<T>): Promise<T>;
  ping(): Promise<void>;
}

/** The answers in the order of the calls. */
export function createCallsInOne({ call, ping }: Edge): <T>(asked: readonly EdgeCall<T>[]) => Promise<Settled<T>[]> {
  let oneByOneUntilMs = 0;
  const slow = new Set<string>();
  /** Halved where a call is not answered in time, and a little more again where all are: as many as the edge can do. */
  let cardsMax: number = limits.batchDirectMax;
  let late = 0;

  async function alone<T>(asked: readonly EdgeCall<T>[]): Promise<Settled<T>[]> {
    const settled: Settled<T>[] = [];
    const next = asked.entries();
    await Promise.all(
      Array.from({ length: aloneMax }, async () => {
        for (const [index, one] of next) {
          const outcome = await settledOf(() => call(one));
          if (outcome.status === 'fulfilled') slow.delete(one.path);
          else if (!(outcome.reason instanceof EdgeRefused) && slow.size < slowMax) slow.add(one.path);
          settled[index] = outcome;
        }
      }),
    );
    return settled;
  }

  async function inOne<T>(asked: readonly EdgeCall<T>[]): Promise<Settled<T>[]> {
    if (asked.length <= 1 || performance.now() < oneByOneUntilMs) return await alone(asked);
    const body = JSON.stringify(asked.map(({ method, path, body: text }) => ({ method, path, body: text })));
    try {
      const said = await call({ schema: callsAnswerSchema, method: 'POST', path: '/internal/calls', body, timeoutMs });
      if (said.length !== asked.length) throw new Error(`the edge answered ${said.length} calls of ${asked.length}`);
      return await Promise.all(
        said.map((answer, index) => {
          const { schema, method } = asked[index] as EdgeCall<T>;
          return settledOf(async () => answerIn(schema, answer, method));
        }),
      );
    } catch (error) {
      if (!(error instanceof EdgeRefused)) late += 1;
      if (error instanceof EdgeRefused && notKnownCodes.has(error.errorCode))
        oneByOneUntilMs = performance.now() + notKnownMs;
      // Nothing is there: a hundred calls would say it a hundred times.
      else if (!(await answers(ping))) return asked.map(() => ({ status: 'rejected', reason: error }));
      return await alone(asked);
    }
  }

  return async <T>(asked: readonly EdgeCall<T>[]) => {
    const settled: Settled<T>[] = [];
    const lateBefore = late;
    await Promise.all(
      inParts(asked, { slow, cardsMax }).map(async (places) => {
        const outcomes = await inOne(places.map((place) => asked[place] as EdgeCall<T>));
        for (const [index, place] of places.entries()) settled[place] = outcomes[index] as Settled<T>;
      }),
    );
    if (late > lateBefore) cardsMax = Math.max(cardsMin, Math.floor(cardsMax / 2));
    else cardsMax = Math.min(limits.batchDirectMax, cardsMax + cardsMin);
    return settled;
  };
}

/** The places of the calls that go together: as many as one call takes, and each slow one by itself. */
function inParts(
  asked: readonly EdgeCall<unknown>[],
  { slow, cardsMax }: { readonly slow: ReadonlySet<string>; readonly cardsMax: number },
): number[][] {
  const alone: number[][] = [];
  const made: number[][] = [];
  let bytes = 0;
  for (const [place, { path, body }] of asked.entries()) {
    if (slow.has(path)) {
      alone.push([place]);
      continue;
    }
    // As they stand in the text of the whole.
    const size = Buffer.byteLength(JSON.stringify([path, body])) + 32;
    const last = made.at(-1);
    bytes += size;
    if (last === undefined || last.length >= cardsMax || bytes > bytesMax) {
      made.push([place]);
      bytes = size;
    } else last.push(place);
  }
  return [...alone, ...made];
}

async function settledOf<T>(work: () => Promise<T>): Promise<Settled<T>> {
  const [outcome] = await Promise.allSettled([work()]);
  return outcome;
}

async function answers(ping: () => Promise<void>): Promise<boolean> {
  return await ping().then(
    () => true,
    () => false,
  );
}
