// What a network does that has lost an answer: it asks again.

import { fewAtATime } from '../few-at-a-time.ts';
import { type Network, paths } from './network-clients.ts';
import { outcomeOf, wasUnknown } from './records.ts';
import { sendUntilAnswered } from './send-until-answered.ts';

/**
 * What was answered is asked again, byte for byte, as networks do. A sentence for each answer that is another now. `setBack`: cards of which
 * some answers were told again: of those the outcome must be the same, and what is left to spend is as it is now.
 */
export async function repeatAll(
  edgeUrl: string,
  { asked, told }: Network,
  setBack: ReadonlySet<string> = new Set(),
): Promise<string[]> {
  const changed: string[] = [];
  // A request that the edge gave up on is declined now too, but in the card's own words.
  const decided = asked.filter(
    (request) => outcomeOf(request) !== 'undecided' && !(setBack.has(request.cardToken) && wasUnknown(request)),
  );
  await fewAtATime(decided, async ({ cardToken, requestKey, body, answer }) => {
    const again = await sendUntilAnswered(edgeUrl, paths.gateway, body);
    if (setBack.has(cardToken) && again.status === answer.status) return;
    if (again.status !== answer.status || again.text !== answer.text)
      changed.push(`${requestKey}: was answered ${answer.status} ${answer.text}, then ${again.status} ${again.text}`);
  });
  await fewAtATime(told, async ({ messageKey, body }) => {
    const { status } = await sendUntilAnswered(edgeUrl, paths.webhook, body);
    if (status !== 200) changed.push(`${messageKey}: was acknowledged, then answered ${status}`);
  });
  return changed;
}
