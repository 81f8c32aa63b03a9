// npm run trigger: one message of Marqeta's to the running system, in Marqeta's real shape; then what came of it, from the
// answer to the ledger. For trying things out by hand.

import { portBaseWords } from './dev/home.ts';
import { notAnswering, type Running, requireRunning } from './dev/running.ts';
import { killOrigin, setProvider } from './trigger/provider.ts';
import { ask, lastOf, remember, type Sent, tell } from './trigger/send.ts';
import { begun, booked, isOriginAway, newestOf, shown, type Timeline, timelineOf } from './trigger/timeline.ts';
import { type Asked, help, isAsked, readWords, type Told, type Words } from './trigger/words.ts';
import { wordsOf } from './words.ts';

const refusedStatus = 1;
const declinedStatus = 3;
/** Marqeta's word for it. Nothing is recorded of such a card, so there is no timeline to wait for. */
const ofUnknownCard = 'INVALID_CARD';

async function message(running: Running, words: Words): Promise<void> {
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

const words = wordsOf(readWords, help);
// The ledger's part comes after the answer: whoever read only that, as `| head -1` does, has gone by then.
process.stdout.on('error', () => process.exit());
try {
  const running = requireRunning();
  if ('provider' in words) process.stdout.write(await setProvider(running, words));
  else if (words.event === 'origin-down') process.stdout.write(killOrigin(words));
  else await message(running, words);
} catch (error) {
  const away = error instanceof Error && String(error.cause).includes('ECONNREFUSED');
  const said = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${away ? notAnswering() : said}\n`);
  process.exitCode = refusedStatus;
}
