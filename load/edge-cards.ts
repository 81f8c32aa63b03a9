// Cards on an edge under load: known profiles, put there as the origin would.

import { newId } from '../contracts/ids.ts';
import { putCardAnswerSchema } from '../contracts/internal-answers.ts';
import { tokenInPath } from '../contracts/internal-api.ts';
import type { Network } from '../contracts/network.ts';
import type { Profile } from '../contracts/profile.ts';
import { signCall } from '../contracts/sign-call.ts';
import { fewAtATime } from './few-at-a-time.ts';

export const edgeVars = {
  ENVIRONMENT: 'development',
  ORIGIN_URL: '',
  INTERNAL_SECRET: 'whsec_bG9hZC10ZXN0LWludGVybmFsLXNlY3JldC0wMDAw',
  NATIVE_SECRETS: 'whsec_bG9hZC10ZXN0LW5hdGl2ZS1zZWNyZXQtMDAwMDAw',
  MARQETA_USERNAME: 'load-test',
  MARQETA_PASSWORD: 'Load-test-password-1!',
  MARQETA_WEBHOOK_SECRET: '',
  MARQETA_FAILURE_POLICY: 'decline',
  NATIVE_FAILURE_POLICY: 'decline',
} as const;

export const marqetaAuthorization = `Basic ${btoa(`${edgeVars.MARQETA_USERNAME}:${edgeVars.MARQETA_PASSWORD}`)}`;

/** An everyday card: an amount a transaction, an amount a day, blocked categories, funds that do not run out. */
export function everydayProfile(account_id = newId('acct')): Profile {
  return {
    card_id: newId('card'),
    account_id,
    version: 1,
    status: 'active',
    currency: 'USD',
    expires_at_ms: null,
    funds_minor: 1_000_000_000_000,
    single_use: false,
    partial_approval: false,
    hold_days: null,
    controls: [
      {
        control_id: 'per-purchase',
        mode: 'enforce',
        applies_to: {},
        does: 'limit',
        amount_minor: 500_000,
        window: { per: 'transaction' },
        refunds_give_back: false,
      },
      {
        control_id: 'per-day',
        mode: 'enforce',
        applies_to: {},
        does: 'limit',
        amount_minor: 900_000_000_000,
        window: { per: 'day', time_zone: 'America/New_York' },
        refunds_give_back: false,
      },
      {
        control_id: 'no-gambling',
        mode: 'enforce',
        applies_to: { category: { any_of: ['7800', '7801', '7802', '7995'] } },
        does: 'block',
      },
    ],
  };
}

export async function putCard(
  url: string,
  cardToken: string,
  profile: Profile,
  network: Network = 'marqeta',
): Promise<void> {
  const pathAndQuery = `/internal/cards/${network}/${tokenInPath(cardToken)}`;
  const body = JSON.stringify(profile);
  const answer = await fetch(url + pathAndQuery, {
    method: 'PUT',
    headers: signCall(
      edgeVars.INTERNAL_SECRET,
      { method: 'PUT', pathAndQuery, body },
      { id: newId('req'), at: new Date() },
    ),
    body,
  });
  if (!answer.ok) throw new Error(`PUT ${pathAndQuery} answered ${answer.status}: ${await answer.text()}`);
  putCardAnswerSchema.parse(await answer.json());
}

export async function putCards(url: string, cardTokens: readonly string[]): Promise<void> {
  await fewAtATime(cardTokens, (token) => putCard(url, token, everydayProfile()));
}
