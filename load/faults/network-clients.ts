// A network with several lines to the edge, each sending one call after the other at its own pace: authorizations over all
// cards, and a clearing or a reversal for most of those that were approved. Each call is repeated until it is answered.

import { decimalTextFromMinor } from '../../contracts/money.ts';
import { gatewayMessage, webhookMessage } from '../../scripts/marqeta-messages.ts';
import { seededRandom } from '../../scripts/seeded-random.ts';
import { type Asked, outcomeOf, type Told } from './records.ts';
import { sendUntilAnswered } from './send-until-answered.ts';

export interface NetworkOptions {
  readonly edgeUrl: string;
  readonly cardTokens: readonly string[];
  /** Calls a second, of all lines together. */
  readonly rate: number;
  readonly seed: number;
}

export interface Network {
  readonly asked: readonly Asked[];
  readonly told: readonly Told[];
  /** From now on nothing new is sent about these cards, and about all others again. */
  spare(cardTokens: ReadonlySet<string>): void;
  /** Sends nothing new, and returns when everything sent is answered. Throws where a line has failed. */
  stop(): Promise<void>;
}

export const paths = { gateway: '/networks/marqeta/gateway', webhook: '/networks/marqeta/webhook' } as const;

const lines = 16;
/** Of ten calls, four tell what became of an approval, as long as there is one to tell of. */
const tellShare = 0.4;
const reversalShare = 0.3;
/** One in ten asks for more than an everyday card allows in one purchase, and is declined. */
const declinedShare = 0.1;
const declinedMinor = 600_000;
const amountMinorMax = 20_000;

export function startNetwork(options: NetworkOptions): Network {
  const asked: Asked[] = [];
  const told: Told[] = [];
  const intervalMs = (1_000 * lines) / options.rate;
  let stopping = false;
  let spared: ReadonlySet<string> = new Set();

  async function runLine(line: number): Promise<void> {
    // A generator of its own, so that what a line sends does not depend on what the others do.
    const random = seededRandom(options.seed + line);
    const approved: Asked[] = [];
    let dueMs = Date.now() + (intervalMs * line) / lines;
    for (let count = 0; !stopping; count++) {
      const first = random() < tellShare ? approved.findIndex(({ cardToken }) => !spared.has(cardToken)) : -1;
      const [toTell] = first < 0 ? [] : approved.splice(first, 1);
      if (toTell === undefined) {
        const answered = await ask(options, random, `${line}-${count}`, spared);
        asked.push(answered);
        if (outcomeOf(answered) === 'approved') approved.push(answered);
      } else {
        told.push(await tell(options, random, `${line}-${count}`, toTell));
      }
      // After an outage a line goes on at its pace; it does not make up for what it could not send.
      dueMs = Math.max(dueMs + intervalMs, Date.now());
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - Date.now())));
    }
  }

  const running = Promise.all(Array.from({ length: lines }, (_, line) => runLine(line)));
  // Whoever stops the network hears of a failure; until then it must not end the process.
  running.catch(() => {});
  return {
    asked,
    told,
    spare(cardTokens) {
      spared = cardTokens;
    },
    async stop() {
      stopping = true;
      await running;
    },
  };
}

async function ask(
  { edgeUrl, cardTokens }: NetworkOptions,
  random: () => number,
  name: string,
  spared: ReadonlySet<string>,
): Promise<Asked> {
  const others = spared.size === 0 ? cardTokens : cardTokens.filter((token) => !spared.has(token));
  const cardToken = others[Math.floor(random() * others.length)] ?? '';
  const amountMinor = random() < declinedShare ? declinedMinor : 1 + Math.floor(random() * amountMinorMax);
  const [transactionToken, requestKey] = [`tx-${name}`, `jit-${name}`];
  const amount = decimalTextFromMinor(amountMinor, 'USD');
  const body = gatewayMessage({ cardToken, amount, transactionToken, jitToken: requestKey });
  const answer = await sendUntilAnswered(edgeUrl, paths.gateway, body);
  return { cardToken, requestKey, transactionToken, amountMinor, body, answer };
}

async function tell({ edgeUrl }: NetworkOptions, random: () => number, name: string, of: Asked): Promise<Told> {
  const kind = random() < reversalShare ? 'reversal' : 'clearing';
  // In whole or in part.
  const amountMinor = random() < 0.5 ? of.amountMinor : 1 + Math.floor(random() * of.amountMinor);
  const messageKey = `msg-${name}`;
  const body = webhookMessage({
    type: `authorization.${kind}`,
    cardToken: of.cardToken,
    amount: decimalTextFromMinor(amountMinor, 'USD'),
    precedingToken: of.transactionToken,
    token: messageKey,
  });
  const answer = await sendUntilAnswered(edgeUrl, paths.webhook, body);
  return { of, kind, messageKey, amountMinor, body, answer };
}
