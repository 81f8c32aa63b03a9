// Marqeta: gateway JIT funding (a request, answered with 200 or 402) and transaction webhooks, both behind Basic authentication; webhooks
// signed besides, where a secret is set.

import * as z from 'zod/mini';
import { type NamedSecret, secretsIn } from '../../../contracts/secret-strength.ts';
import { lenientText, refuseCardFields } from '../../body.ts';
import { basicHeader, requireBasic } from '../../credentials.ts';
import { several } from '../../setting-shapes.ts';
import { type Credentials, cardNetwork, type Problem } from '../network.ts';
import { batchOf, pingsOf } from './batch.ts';
import { unreadableAnswer } from './gateway.ts';
import { parseGateway } from './requests.ts';
import { requireMarqetaSignature } from './signature.ts';
import { merchantIn, noticeOf, readWebhook } from './webhook.ts';
import { marqetaIdentifiers, parseMarqeta } from './wire.ts';

export const marqeta = cardNetwork({
  name: 'marqeta',
  /** It declines by itself after 3,000 ms (its `timeout_millis` default); the margin is the way there and back. */
  deadlineMs: 2_500,
  policies: ['decline', 'network', 'stand_in'],
  settings: {
    /** One for all passwords, or one for each, in their order. */
    MARQETA_USERNAME: several(/^[^:]{4,50}$/, 'must be 4 to 50 characters, none of them a colon'),
    /** Marqeta asks for 20 to 50 characters. */
    MARQETA_PASSWORD: several(/^.{20,50}$/, 'must be 20 to 50 characters, as Marqeta asks'),
    /** The webhook's `config.secret`; empty: webhooks are not signed, Basic authentication alone guards them. */
    MARQETA_WEBHOOK_SECRET: z._default(z.string(), ''),
  },
  credentials,
  door({ MARQETA_USERNAME, MARQETA_PASSWORD, MARQETA_WEBHOOK_SECRET }) {
    const usernames = secretsIn(MARQETA_USERNAME);
    const expected = secretsIn(MARQETA_PASSWORD).map((password, index) =>
      basicHeader({ username: usernames[index] ?? usernames[0] ?? '', password }),
    );
    const secrets = secretsIn(MARQETA_WEBHOOK_SECRET);
    return {
      admit: (headers) => requireBasic(headers.get('authorization'), expected),
      async textOf(headers, bytes, path) {
        if (path === 'webhook' && secrets.length > 0)
          await requireMarqetaSignature(headers.get('x-marqeta-signature'), bytes, secrets);
        return lenientText(bytes);
      },
    };
  },
  requests: {
    path: 'gateway',
    parse: parseGateway,
    misconfigured: (text, refusal) => ({ status: 402, body: unreadableAnswer(parseMarqeta(text), refusal) }),
  },
  facts: {
    ...{ path: 'webhook', parse: readWebhook, batchOf, noticeOf, merchantIn, identifiers: marqetaIdentifiers },
    fieldOf: (field, at) => `${at}.${names[field] ?? field}`,
    render(_, body) {
      // Last, since a fact is not lost for a field that nobody keeps: whoever sends card data has to hear of it all the same.
      refuseCardFields(body);
      return Response.json(pingsOf(body));
    },
  },
});

/** Marqeta's names of what makes a message the fact that it is. */
const names: Readonly<Record<string, string>> = {
  kind: 'type',
  amount_minor: 'amount',
  hold_minor: 'amount',
  currency: 'currency_code',
  authorization_key: 'preceding_related_transaction_token',
  alias_key: 'preceding_related_transaction_token',
  final: 'is_final_clearing',
  occurred_at_ms: 'created_time',
};

type Secrets = Record<'MARQETA_USERNAME' | 'MARQETA_PASSWORD' | 'MARQETA_WEBHOOK_SECRET', string>;

function credentials(settings: Secrets, isDeployed: boolean): Credentials {
  const named = (name: keyof Secrets): NamedSecret[] => secretsIn(settings[name]).map((secret) => ({ name, secret }));
  const logins = named('MARQETA_USERNAME');
  const passwords = named('MARQETA_PASSWORD');
  const signing = named('MARQETA_WEBHOOK_SECRET');
  const problems: Problem[] = [];
  if (logins.length > 1 && logins.length !== passwords.length)
    problems.push({ name: 'MARQETA_USERNAME', message: 'must be one, or as many as there are passwords' });
  if (isDeployed && signing.length === 0) {
    const message = "is not set; set the webhook's config.secret, so that nobody else can sign one";
    problems.push({ name: 'MARQETA_WEBHOOK_SECRET', message });
  }
  return { secrets: [...passwords, ...signing], logins, problems };
}
