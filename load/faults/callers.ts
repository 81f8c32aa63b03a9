// Everybody who shows a secret to the edge or to the origin, each calling again and again with what it holds at that moment.

import { createHmac } from 'node:crypto';
import { newId } from '../../contracts/ids.ts';
import { secretsIn } from '../../contracts/secret-strength.ts';
import { signCall } from '../../contracts/sign-call.ts';
import { signedHeaders } from '../../origin/notify/sign.ts';
import { gatewayMessage } from '../../scripts/marqeta-messages.ts';

/** What the callers hold: one value of each, or for INTERNAL_SECRET what each half holds. */
export interface Held {
  API_KEY: string;
  NATIVE_SECRETS: string;
  MARQETA_PASSWORD: string;
  MARQETA_WEBHOOK_SECRET: string;
  /** As the origin has it: it signs with each. */
  originsInternal: string;
  /** As the edge has it. */
  edgesInternal: string;
}

export interface Callers {
  /** Answers by caller and status. */
  readonly answers: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

interface Places {
  readonly edgeUrl: string;
  readonly originUrl: string;
  readonly cardToken: string;
  readonly username: string;
}

const pauseMs = 15;

const post = (url: string, body: string, headers: Record<string, string>) =>
  fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
const internal = (url: string, method: 'GET' | 'POST', pathAndQuery: string, body: string, secrets: string) =>
  fetch(url + pathAndQuery, {
    method,
    headers: {
      'content-type': 'application/json',
      ...signCall(secrets, { method, pathAndQuery, body }, { id: newId('req'), at: new Date() }),
    },
    ...(method === 'GET' ? {} : { body }),
  });

export function startCallers({ edgeUrl, originUrl, cardToken, username }: Places, held: Held): Callers {
  const answers = new Map<string, number>();
  let stopping = false;

  async function again(name: string, call: () => Promise<Response>): Promise<void> {
    while (!stopping) {
      const status = await call().then(
        async (answer) => {
          await answer.arrayBuffer();
          return `${answer.status}`;
        },
        () => 'no answer',
      );
      answers.set(`${name} ${status}`, (answers.get(`${name} ${status}`) ?? 0) + 1);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  const basic = () => `Basic ${btoa(`${username}:${held.MARQETA_PASSWORD}`)}`;
  const running = [
    again('marqeta authorization', () => {
      const key = newId('req');
      const body = gatewayMessage({ cardToken, amount: '1.00', transactionToken: `tx-${key}`, jitToken: key });
      return post(`${edgeUrl}/networks/marqeta/gateway`, body, { authorization: basic() });
    }),
    again('marqeta webhook', () => {
      const body = '{"pings":[{}]}';
      const signature = createHmac('sha256', held.MARQETA_WEBHOOK_SECRET).update(body).digest('hex');
      return post(`${edgeUrl}/networks/marqeta/webhook`, body, {
        authorization: basic(),
        'x-marqeta-signature': signature,
      });
    }),
    again('native void', () => {
      const body = JSON.stringify({ card_token: cardToken, request_key: newId('req') });
      const signed = signedHeaders(
        { eventId: newId('req'), payload: body },
        secretsIn(held.NATIVE_SECRETS),
        new Date(),
      );
      return post(`${edgeUrl}/networks/native/voids`, body, signed);
    }),
    again('origin to edge', () =>
      internal(edgeUrl, 'GET', `/internal/cards/marqeta/${cardToken}/events?after=1000000`, '', held.originsInternal),
    ),
    again('edge to origin', () => {
      const body = JSON.stringify({ messages: [{ id: 'm', body: { version: 1, card_key: 'x', events: [] } }] });
      return internal(originUrl, 'POST', '/internal/card-events', body, held.edgesInternal);
    }),
    again('operator', () =>
      fetch(`${originUrl}/merchants?limit=1`, { headers: { authorization: `Bearer ${held.API_KEY}` } }),
    ),
  ];
  return {
    answers,
    async stop() {
      stopping = true;
      await Promise.all(running);
    },
  };
}
