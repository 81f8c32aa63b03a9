// npm run trigger: one message of Marqeta's to the running system, in Marqeta's real shape; then what came of it, from the
// answer to the ledger. For trying things out by hand.

import { readNote } from './dev/home.ts';
import type { Running } from './dev/running.ts';
import { ask, lastOf, remember, tell } from './trigger/send.ts';
import { begun, booked, newestOf, shown, type Timeline, timelineOf } from './trigger/timeline.ts';
import { type Asked, help, isAsked, readWords, type Told, type Words } from './trigger/words.ts';

async function main(words: Words): Promise<void> {
  const running = readNote<Running>('running.json');
  if (running === null) throw new Error('Nothing runs here. Start the system in another terminal: npm start');
  const cardToken = running.cards.find(({ name }) => name === words.card)?.card_token ?? words.card;
  const lastId = lastOf(cardToken)?.authorizationId ?? null;
  const known = await newestOf(running, cardToken);
  const eventsBefore = lastId === null ? 0 : ((await timelineOf(running, lastId))?.events.length ?? 0);

  const { answer, authorizationId, begins, events } = isAsked(words.event)
    ? await ask(running, words as Words & { event: Asked }, cardToken)
    : await tell(running, words as Words & { event: Told }, cardToken);
  const id = begins && answer.status === 200 ? await begun(running, cardToken, known) : authorizationId;
  const last = lastOf(cardToken);
  if (words.event === 'standin' && id !== null && last !== null) remember(cardToken, { ...last, authorizationId: id });

  const timeline = id === null ? null : await booked(running, id, events + (id === lastId ? eventsBefore : 0));
  const url = id === null ? null : `${running.origin_url}/authorizations/${id}/timeline`;
  if (words.json) {
    process.stdout.write(`${JSON.stringify({ ...answer, authorization_id: id, timeline_url: url, timeline })}\n`);
    return;
  }
  const lines = [`  answer      ${answer.status} ${answer.text}`, `  latency     ${answer.latency_ms} ms`];
  if (timeline !== null) lines.push(shown(timeline));
  else if (url !== null) lines.push('  ledger      nothing booked yet; is the origin up? See .atlas/logs');
  if (answer.status === 200 && isUnbooked(words, timeline))
    lines.push('  open item   nothing of it moved money. Does it wait for a person? npm run open-items');
  if (url !== null) lines.push(`  timeline    curl -s -H 'authorization: Bearer ${running.api_key}' ${url}`);
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** A fact that the edge acknowledged, and that the ledger has nothing of: of another currency, or one that cannot be read. */
function isUnbooked({ event }: Words, timeline: Timeline | null): boolean {
  const movesMoney = event === 'clearing' || event === 'force-post' || event === 'refund';
  return movesMoney && (timeline?.events.at(-1)?.transfers.length ?? 0) === 0;
}

try {
  const words = readWords(process.argv.slice(2));
  if (words === null) process.stdout.write(`${help}\n`);
  else await main(words);
} catch (error) {
  const refused = error instanceof Error && 'cause' in error && String(error.cause).includes('ECONNREFUSED');
  process.stderr.write(
    `${refused ? 'The system does not answer. Start it again: npm start' : error instanceof Error ? error.message : error}\n`,
  );
  process.exitCode = 1;
}
