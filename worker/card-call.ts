// The one hop to a card's object, within the network's deadline. An object that fails for a moment is asked again, on a fresh
// stub: a decision is given once for a key. When the deadline passes or the object fails for good, the network's failure policy
// answers: the edge stands in, or the request is given up (`give-up.ts`), so that no hold is left that nobody knows of.

import type { AuthorizationRequest } from '../contracts/authorization-request.ts';
import { newId } from '../contracts/ids.ts';
import { fromJsonText, toJsonText } from '../contracts/json-text.ts';
import { limits } from '../contracts/limits.ts';
import type { LostCard } from '../contracts/lost-card.ts';
import { cardKey, type Network } from '../contracts/network.ts';
import { Refusal } from '../contracts/problem.ts';
import type { AuthorizeAnswer } from '../durable-objects/card/card-object.ts';
import { cardObject, isForAMoment, waitBeforeMs } from './card-object.ts';
import { type Env, failurePolicyOf, settingsOf } from './env.ts';
import { giveUp } from './give-up.ts';
import { inTime, wait } from './in-time.ts';
import { logEvent } from './log.ts';
import type { Outcome } from './networks/network.ts';
import { standIn, standInFor } from './stand-in.ts';
import { traceIdOf } from './traces.ts';
import { countUnknown, isBeyondBound, isListed, isSurelyUnknown, meet } from './unknown-cards.ts';

type DecidedAnswer = Extract<AuthorizeAnswer, { outcome: 'decided' }>;

interface Call {
  readonly network: Network;
  readonly cardToken: string;
  readonly request: AuthorizationRequest;
  readonly arrivedAtMs: number;
  /** How long the network waits, less its way there and back. */
  readonly deadlineMs: number;
  /** What it came of: see `traces.ts`. */
  readonly traces: string;
}

/** Of an isolate's decisions one in so many is a log line: 1,000 a second are ten lines then. All of them are events anyway. */
export const decisionsPerLogLine = 100;

/** One request in so many is measured: its card has to wait for the disk a second time, which is a tenth of what a decision takes. */
const oneMeasuredIn = 16;

/** Of this isolate: which decision is logged next, and losing it is harmless. */
let decisions = 0;

/** A request key that was used for another body is refused with 409, naming the field. */
export async function authorize(
  env: Env,
  execution: Pick<ExecutionContext, 'waitUntil'>,
  call: Call,
): Promise<Outcome> {
  const { network, cardToken, request, arrivedAtMs, deadlineMs } = call;
  const policy = failurePolicyOf(settingsOf(env), network);
  const deadlineAtMs = arrivedAtMs + deadlineMs;
  // Where the edge may stand in, the end of the deadline is for that.
  const standInAtMs = deadlineAtMs - limits.standInMs;
  const card = { network, cardToken };
  // One of too many unknown cards at once.
  if (isBeyondBound(env, network) && (await isSurelyUnknown(env, card, deadlineAtMs))) return unknownCard();
  const wanted = standInFor(request, policy);
  const decided = await ask(env, call, wanted === null ? deadlineAtMs : standInAtMs);
  if (decided?.decision.reason === 'card_unknown') {
    // A card that has had a profile and answers as one that nobody has made has lost its storage: the failure policy holds, and the origin,
    // which is told with each request until it has fenced the card, rebuilds it. A token that nobody has costs one look into that list.
    if ((await isListed(env, card, standInAtMs)) !== true) {
      countUnknown(env, card);
      return decided;
    }
    logEvent('error', 'card_lost', { network });
    const lost: LostCard = { version: 1, kind: 'lost_card', card_key: cardKey(network, cardToken) };
    execution.waitUntil(env.CARD_EVENTS.send(lost));
  } else if (decided !== null) {
    meet(card);
    return decided;
  }
  // The card hears of it later: what it has heard by now cannot be about this purchase, and what it hears after may be.
  const answered = wanted === null ? null : { ...wanted, advice: { ...wanted.advice, answered_at_ms: Date.now() } };
  const stoodIn = answered === null ? 'refused' : await standIn(env, execution, { card, ...answered, deadlineAtMs });
  if (stoodIn === 'given') {
    logEvent('warn', 'authorization_stood_in', { network, trace_id: traceIdOf(call.traces) });
    return { outcome: 'stood_in' };
  }
  const advice = stoodIn === 'queued' && answered !== null ? answered.advice : null;
  await giveUp(env, execution, { ...card, requestKey: request.request_key, deadlineAtMs, standIn: advice });
  return { outcome: 'unavailable' };
}

/** Declined without an object, and recorded nowhere. */
function unknownCard(): Outcome {
  const amounts = { approved_minor: 0, hold_minor: 0, available_minor: null };
  const decision = { outcome: 'declined', reason: 'card_unknown', control_id: null, profile_version: null } as const;
  return { outcome: 'decided', authorization_id: newId('auth'), decision: { ...decision, ...amounts, trace: [] } };
}

/**
 * The object's answer; null where it came too late or not at all. The object gets the same deadline, an instant: what reaches
 * it later it declines by itself. Both clocks are the platform's, milliseconds apart.
 */
async function ask(env: Env, call: Call, deadlineAtMs: number): Promise<DecidedAnswer | null> {
  const { network, cardToken, request, traces, arrivedAtMs } = call;
  const about = { network, trace_id: traceIdOf(traces) };
  const measuredFromMs = Math.random() * oneMeasuredIn < 1 ? arrivedAtMs : undefined;
  const startedMs = Date.now();
  const requestText = toJsonText(request);
  for (let tries = 1; ; tries++) {
    try {
      const asked = cardObject(env, network, cardToken).authorize(requestText, deadlineAtMs, traces, measuredFromMs);
      const answerText = await inTime(asked, deadlineAtMs);
      if (answerText === 'late') {
        // What came of it is settled by the void or the stand-in that follows.
        logEvent('error', 'authorization_late', { ...about, tries, waited_ms: Date.now() - startedMs });
        return null;
      }
      if (tries > 1)
        logEvent('warn', 'authorization_asked_again', { ...about, tries, waited_ms: Date.now() - startedMs });
      const answer = decidedOf(fromJsonText<AuthorizeAnswer>(answerText));
      // All decisions are events in the books; some are lines too, beside the warnings, which are all there.
      if (++decisions % decisionsPerLogLine === 0) {
        const { reason } = answer.decision;
        logEvent('info', 'authorization_decided', { ...about, reason, waited_ms: Date.now() - arrivedAtMs });
      }
      return answer;
    } catch (error) {
      if (error instanceof Refusal) throw error;
      const waitMs = waitBeforeMs(tries);
      if (!isForAMoment(error) || Date.now() + waitMs >= deadlineAtMs) {
        const waited_ms = Date.now() - startedMs;
        logEvent('error', 'authorization_unavailable', { ...about, tries, waited_ms, error: String(error) });
        return null;
      }
      await wait(waitMs);
    }
  }
}

function decidedOf(answer: AuthorizeAnswer): DecidedAnswer {
  if (answer.outcome === 'decided') return answer;
  throw new Refusal(409, 'request_key_reused', `The request key was used before, with another ${answer.field}.`, [
    { field: answer.field, problem: 'differs from the first request with this key' },
  ]);
}
