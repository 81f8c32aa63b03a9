// What runs, as people and machines are told: the table, the JSON, and the note that `npm run trigger` reads.

import { gatewayMessage } from '../marqeta-messages.ts';
import { type DemoData, demo } from './demo.ts';
import {
  homeBecause,
  howToStart,
  isSamePlace,
  logDirectory,
  portBaseWord,
  portBaseWords,
  readNote,
  systemsHere,
} from './home.ts';
import type { Observing } from './observe.ts';

export interface Running {
  readonly edge_url: string;
  readonly origin_url: string;
  readonly database_url: string;
  readonly api_key: string;
  readonly marqeta: { readonly username: string; readonly password: string };
  readonly account_id: string;
  readonly ledger_account_id: string;
  readonly control_set_id: string;
  readonly merchant_id: string;
  /** Simulated ones, and where faults are asked of them. */
  readonly providers: readonly { readonly name: string; readonly admin_url: string }[];
  /** Null: started without --observe, or where they are not installed. */
  readonly observing: Observing['urls'] | null;
  readonly cards: DemoData['cards'];
  readonly curl: string;
  /** The folder of what each part says. */
  readonly logs: string;
}

/** The system of `npm start` that a command means (home.ts has the rule), and why that one; or why there is none. */
export type Here =
  | { readonly running: Running; readonly because: string }
  | { readonly running: null; readonly because: string };

export function systemHere(environment: NodeJS.ProcessEnv = process.env): Here {
  const running = readNote<Running>('running.json');
  const url = environment['ATLAS_URL'];
  const isNamed = portBaseWord() !== null || homeBecause === 'ATLAS_URL';
  // What is named by ATLAS_URL is never taken for another that happens to run here: its books would be the wrong ones.
  if (url && !isNamed && !(running !== null && isSamePlace(running.origin_url, url)))
    return { running: null, because: `ATLAS_URL is ${url}, and no npm start of this folder runs that.${othersHere()}` };
  if (running === null)
    return {
      running,
      because: `Nothing runs here. Start the system in another terminal: ${howToStart()}${othersHere()}`,
    };
  return { running, because: homeBecause ?? 'the usual port base' };
}

function othersHere(): string {
  const others = systemsHere().map(({ portBase, origin_url }) => `--port-base ${portBase} (${origin_url})`);
  return others.length === 0 ? '' : `\nWhat runs here: ${others.join(', ')}`;
}

/** What `npm start` noted of itself, or an error that says how to start it, or to name it. */
export function requireRunning(): Running {
  const { running, because } = systemHere();
  if (running === null) throw new Error(because);
  return running;
}

/** For a system that has noted that it runs, and does not answer: which was asked, and why that one. */
export function notAnswering(): string {
  const { running, because } = systemHere();
  const where = running === null ? '' : ` at ${running.origin_url} (${because})`;
  return `The system does not answer${where}. Start it again: ${howToStart()}`;
}

interface Urls {
  readonly edge: string;
  readonly origin: string;
  readonly database: string;
  readonly providers: Running['providers'];
  readonly observing: Running['observing'];
}

export function describe(urls: Urls, data: DemoData): Running {
  const [plain] = data.cards;
  return {
    edge_url: urls.edge,
    origin_url: urls.origin,
    database_url: urls.database,
    api_key: demo.apiKey,
    marqeta: { username: demo.marqetaUsername, password: demo.marqetaPassword },
    account_id: data.account_id,
    ledger_account_id: data.ledger_account_id,
    control_set_id: data.control_set_id,
    merchant_id: data.merchant_id,
    providers: urls.providers,
    observing: urls.observing,
    cards: data.cards,
    curl: curlOf(urls.edge, plain?.card_token ?? ''),
    logs: logDirectory,
  };
}

/** A first authorization by hand: as few fields as Marqeta's contract needs, with tokens of their own each time. */
function curlOf(edgeUrl: string, cardToken: string): string {
  const message = JSON.parse(gatewayMessage({ cardToken, amount: '12.34' }));
  const body = {
    token: 'TRANSACTION',
    card_token: cardToken,
    currency_code: message.currency_code,
    gpa_order: { jit_funding: { ...message.gpa_order.jit_funding, token: 'REQUEST' } },
    card_acceptor: { mcc: '5411', name: 'EXAMPLE GROCER', country_code: 'USA' },
  };
  const json = JSON.stringify(body)
    .replace('TRANSACTION', "tx-'$RANDOM$RANDOM'")
    .replace('REQUEST', "jit-'$RANDOM$RANDOM'");
  return `curl -s -u '${demo.marqetaUsername}:${demo.marqetaPassword}' ${edgeUrl}/networks/marqeta/gateway -H 'content-type: application/json' -d '${json}'`;
}

export function table(running: Running): string {
  const rows: readonly (readonly [string, string])[] = [
    ['edge', `${running.edge_url}   Marqeta gateway at /networks/marqeta/gateway`],
    ['origin', `${running.origin_url}   health at /health, its API to read at /docs`],
    ['database', running.database_url],
    ['Marqeta credentials', `${running.marqeta.username} : ${running.marqeta.password}`],
    ['API key', `Authorization: Bearer ${running.api_key}`],
    ['account', `${running.account_id}, ledger account ${running.ledger_account_id}`],
    ['control set', `${running.control_set_id}   everyday, shared by plain and history`],
    ['merchant', `${running.merchant_id}   is owed what clears at 000000000099999`],
    ...running.providers.map(({ name, admin_url }) => [`provider ${name}`, `faults at ${admin_url}/faults`] as const),
    ...observingRows(running),
    ...running.cards.map(({ name, card_token, note }) => [`card ${name}`, `${card_token}   ${note}`] as const),
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  // What was started on other ports is found by the same words.
  const more = portBaseWords();
  return [
    '',
    ...rows.map(([name, value]) => `  ${name.padEnd(width)}   ${value}`),
    '',
    '  A first authorization:',
    '',
    running.curl,
    '',
    `  Or, in another terminal: npm run trigger -- authorization --card plain --amount 12.34 --mcc 5411${more}`,
    `  Why it was decided so: npm run explain -- --card plain${more}`,
    `  What the shop is owed, paid out: npm run settle -- --amount 10.00${more}`,
    `  Logs are in ${running.logs}. Ctrl-C stops everything.`,
    '',
  ].join('\n');
}

function observingRows({ observing }: Running): readonly (readonly [string, string])[] {
  if (observing === null) return [];
  return [
    ['Prometheus', `${observing.prometheus_url}/alerts   metrics, rules and alerts`],
    ['Alertmanager', `${observing.alertmanager_url}   what fires, silences; alerts are lines in this terminal`],
  ];
}
