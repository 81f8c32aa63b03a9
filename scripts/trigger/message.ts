// A message of Marqeta's sent, and what came of it, from the answer to the ledger, as a terminal is told.

import { portBaseWords } from '../dev/home.ts';
import type { Running } from '../dev/running.ts';
import { ask, lastOf, remember, type Sent, tell } from './send.ts';
import { begun, booked, isOriginAway, newestOf, shown, type Timeline, timelineOf } from './timeline.ts';
import { type Asked, isAsked, refusedStatus, type Told, type Words } from './words.ts';

const declinedStatus = 3;
/** Marqeta's word for it. Nothing is recorded of such a card, so there is no timeline to wait for. */
const ofUnknownCard = 'INVALID_CARD';

export async function message(running: Running, words: Words): Promise<void> {
  const cardToken = running.cards.find(({ name }) => name === words.card)?.card_token ?? words.card;
  const lastId = lastOf(cardToken)?.authorizationId ?? null;
  const isAway = await isOriginAway(running);
  const known = await newestOf(running, cardToken);
  const eventsBefore = lastId === null ? 0 : ((await timelineOf(running, lastId))?.events.length ?? 0);

  const { answer, authorizationId, begins, events } = isAsked(words.event)
    ? await ask(running, words as Words & { event: Asked }, cardToken)
    : await tell(running, words as Words & { event: Told }, cardToken);
  const declined = declineReasonOf(answer);
  if (answer.status !== 200) process.exitCode = declined === null ? refusedStatus : declinedStatus;
  // At once: the ledger's part comes through a queue, seconds later.
  if (!words.json) process.stdout.write(shownAnswer(answer, outcomeOf(answer, declined, words)));

  if (declined === ofUnknownCard) {
    const said = { ...answer, decline_reason: declined, authorization_id: null, timeline_url: null, timeline: null };
    process.stdout.write(words.json ? `${JSON.stringify(said)}\n` : '  ledger      nothing: no card has this token\n');
    return;
  }
  // What the origin has not seen before, it cannot tell from what is new.
  const isBegun = begins && answer.status === 200 && !isAway;
  const id = isBegun ? await begun(running, cardToken, known) : authorizationId;
  const last = lastOf(cardToken);
  if (words.event === 'standin' && id !== null && last !== null) remember(cardToken, { ...last, authorizationId: id });

  const timeline =
    id === null || isAway ? null : await booked(running, id, events + (id === lastId ? eventsBefore : 0));
  const url = id === null ? null : `${running.origin_url}/authorizations/${id}/timeline`;
  if (words.json) {
    const seen = { ...answer, decline_reason: declined, authorization_id: id, timeline_url: url, timeline };
    process.stdout.write(`${JSON.stringify(seen)}\n`);
    return;
  }
  const lines: string[] = [];
  if (timeline !== null) lines.push(shown(timeline));
  else if (isAway)
    lines.push('  ledger      the origin is away: the edge has decided without it, and this is booked once it is back');
  else if (url !== null) lines.push(`  ledger      nothing booked yet; is the origin up? See ${running.logs}`);
  if (answer.status === 200 && !isAway && isUnbooked(words, timeline))
    lines.push(
      `  open item   nothing of it moved money. Does it wait for a person? npm run open-items${portBaseWords() && ` --${portBaseWords()}`}`,
    );
  if (url !== null) lines.push(`  timeline    curl -s -H 'authorization: Bearer ${running.api_key}' ${url}`);
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

/** The reason that Marqeta is told; null: it was approved, or refused as a message. */
function declineReasonOf({ status, text }: Sent['answer']): string | null {
  if (status !== 402) return null;
  return /"decline_reason":"(\w+)"/.exec(text)?.[1] ?? 'without a reason';
}

function outcomeOf({ status }: Sent['answer'], declined: string | null, { event }: Words): string {
  if (declined !== null) return `declined: ${declined}`;
  if (status !== 200) return 'refused';
  return isAsked(event) ? 'approved' : 'taken';
}

function shownAnswer({ status, text, latency_ms }: Sent['answer'], outcome: string): string {
  return `  answer      ${status} ${outcome}, in ${latency_ms} ms\n  body        ${text}\n`;
}

/** A fact that the edge acknowledged, and that the ledger has nothing of: of another currency, or one that cannot be read. */
function isUnbooked({ event }: Words, timeline: Timeline | null): boolean {
  const movesMoney = event === 'clearing' || event === 'force-post' || event === 'refund';
  return movesMoney && (timeline?.events.at(-1)?.transfers.length ?? 0) === 0;
}
