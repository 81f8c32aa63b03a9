// Everyday cards made through the origin's own API: an account of theirs, and each card on the edge before this returns.

import * as z from 'zod';
import { apiOf } from '../scripts/dev/demo.ts';
import { everydayProfile } from './edge-cards.ts';
import { fewAtATime } from './few-at-a-time.ts';

const accountSchema = z.object({ account_id: z.string() });
const cardSchema = z.object({ edge: z.object({ state: z.literal('stored') }) });

/** The new cards' tokens. The origin must know the demo key. */
export async function makeCards(originUrl: string, count: number): Promise<string[]> {
  const api = apiOf(originUrl);
  const { account_id } = accountSchema.parse((await api('POST', '/accounts', { name: 'Load', currency: 'USD' })).body);
  // The account's id makes the tokens new in every run.
  const cardTokens = Array.from({ length: count }, (_, index) => `load-${index}-${account_id.slice(-6)}`);
  const { status, funds_minor, controls } = everydayProfile();
  await fewAtATime(cardTokens, async (card_token) => {
    const card = { account_id, network: 'marqeta', card_token, status, funds_minor, controls };
    cardSchema.parse((await api('POST', '/cards', card)).body);
  });
  return cardTokens;
}
