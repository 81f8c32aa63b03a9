// A page of a fenced card's past, to the card. What the card was told in ignorance, and its past contradicts, is kept for a person before the
// card decides again: nobody else has it.

import type { RebuildAnswer, RebuildPage } from '../durable-objects/card/rebuild.ts';
import { keepUntaken } from './card-notices.ts';
import { type CardNames, callCard } from './card-object.ts';
import type { Env } from './env.ts';

export async function rebuildCard(
  env: Env,
  card: CardNames,
  page: RebuildPage,
): Promise<Omit<RebuildAnswer, 'contradictions'>> {
  const { contradictions, ...answer } = await callCard(env, card, (object) => object.rebuild(page));
  if (answer.is_fenced && contradictions.length > 0) {
    for (const { message, field } of contradictions)
      await keepUntaken(env, card, message, { outcome: 'conflict', field });
    return await rebuildCard(env, card, { ...page, areKept: true });
  }
  return answer;
}
