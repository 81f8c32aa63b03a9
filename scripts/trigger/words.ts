// What can be said to `npm run trigger`, and what was said.

import { parseArgs } from 'node:util';
import { portBaseOption } from '../dev/home.ts';
import { demoMerchantId } from '../marqeta-messages.ts';

export const help = `npm run trigger -- <event> [options]

  asked, and answered by us
  authorization          ask for an approval                 --card plain --amount 12.34 --mcc 5411
  incremental            ask for more on what stands         --card plain --amount 5.00
  pindebit               asked and cleared in one message    --card plain --amount 20.00
  account-verification   a zero-amount check of the card     --card plain
  balance-inquiry        what is left                        --card plain

  told, whatever we think of it
  clearing               money moved                         --card plain [--amount 10.00] [--partial]
  force-post             money moved, and nobody had asked   --card plain --amount 7.50
  reversal               the hold is given back              --card plain [--amount 5.00]
  advice                 the hold is another one now         --card plain --amount 8.00
  expiry                 the network has dropped the hold    --card plain
  standin                the network approved by itself      --card plain --amount 15.00
  refund                 money comes back                    --card plain --amount 3.00

a provider of npm start
  provider-down NAME     it refuses everything from now on   simulated or simulated_secondary
  provider-up NAME       it is well again

the origin of npm start
  origin-down            it is killed, and comes back by itself after 20 s: the edge goes on deciding

  --card NAME            plain, grocery-only, frozen, or any card token (default plain)
  --amount N             major units, as Marqeta sends them (default: the authorization's); of an advice the new total
  --mcc CODE             merchant category (default 5411)
  --currency CODE        default USD; another than the card's makes an open item
  --merchant ID          the shop's id at its acquirer (default 000000000099999, the demo's merchant)
  --authorization TOKEN  the transaction it belongs to (default: the last one of the card's last authorization);
                         none: belongs to none
  --partial              more clearings will follow
  --json                 one object instead of text
  --port-base N          the system that npm start -- --port-base N started
npm start must be running in another terminal.
Exits with 0 where it was approved or taken, 1 where it was refused or could not be sent, 3 where it was declined.`;

export const refusedStatus = 1;

/** Asked at the gateway: the method of its JIT funding. */
export const methods = {
  authorization: 'pgfs.authorization',
  incremental: 'pgfs.authorization.incremental',
  pindebit: 'pgfs.auth_plus_capture',
  'account-verification': 'pgfs.authorization.account_verification',
  'balance-inquiry': 'pgfs.balanceinquiry',
} as const;

/** Told by webhook: the transaction's type. */
export const webhookTypes = {
  clearing: 'authorization.clearing',
  'force-post': 'authorization.clearing',
  reversal: 'authorization.reversal',
  advice: 'authorization.advice',
  expiry: 'authorization.reversal.issuerexpiration',
  standin: 'authorization.standin',
  refund: 'refund',
} as const;

export type Asked = keyof typeof methods;
export type Told = keyof typeof webhookTypes;

const originDown = 'origin-down';
const providerStates = ['provider-down', 'provider-up'] as const;

/** The origin killed. */
export interface OriginWords {
  readonly event: 'origin-down';
  readonly json: boolean;
}

/** A provider's health instead of a network's message. */
export interface ProviderWords {
  readonly event: (typeof providerStates)[number];
  readonly provider: string;
  readonly json: boolean;
}

export interface Words {
  readonly event: Asked | Told;
  readonly card: string;
  readonly amount: string | undefined;
  readonly mcc: string;
  readonly currency: string;
  readonly merchant: string;
  readonly authorization: string | undefined;
  readonly partial: boolean;
  readonly json: boolean;
}

/** Null: help is wanted. */
export function readWords(args: readonly string[]): Words | ProviderWords | OriginWords | null {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      card: { type: 'string', default: 'plain' },
      amount: { type: 'string' },
      mcc: { type: 'string', default: '5411' },
      currency: { type: 'string', default: 'USD' },
      merchant: { type: 'string', default: demoMerchantId },
      authorization: { type: 'string' },
      partial: { type: 'boolean', default: false },
      ...portBaseOption,
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const [event, ...more] = positionals;
  if (values.help || event === undefined) return null;
  const state = providerStates.find((known) => known === event);
  const [provider, extra] = state === undefined ? [undefined, ...more] : more;
  if (extra !== undefined) throw new Error(`${extra} is one word too many`);
  if (state !== undefined) {
    if (provider === undefined) throw new Error(`${state}: say which provider, as in ${state} simulated`);
    return { event: state, provider, json: values.json };
  }
  if (event === originDown) return { event, json: values.json };
  if (!isEvent(event)) throw new Error(`${event} is not an event; the events are ${everyEvent().join(', ')}`);
  if (values.amount !== undefined && !/^\d+(\.\d+)?$/.test(values.amount))
    throw new Error(`--amount ${values.amount} is not an amount in major units, such as 12.34`);
  const { amount, authorization, ...others } = values;
  return { ...others, event, amount, authorization };
}

function everyEvent(): readonly string[] {
  return [...Object.keys(methods), ...Object.keys(webhookTypes), ...providerStates, originDown];
}

function isEvent(word: string): word is Asked | Told {
  return Object.hasOwn(methods, word) || Object.hasOwn(webhookTypes, word);
}

export function isAsked(event: Asked | Told): event is Asked {
  return Object.hasOwn(methods, event);
}
