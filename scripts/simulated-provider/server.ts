// A payment provider for development, tests and load: its API on one port, its admin side on another, so that the API can refuse
// connections while faults are set and books are read. Plain node:http: one core serves thousands of submissions a second.

import { createServer, type IncomingMessage } from 'node:http';
import * as z from 'zod';
import { seededRandom } from '../seeded-random.ts';
import { Books, type Entry } from './books.ts';
import { type ConfirmationCounts, type Confirmations, createConfirmations } from './confirmations.ts';
import { Desk } from './desk.ts';
import { type FaultsInput, faultsSchema } from './faults.ts';
import { closed, host, listen, type Reply, readJson, render, says } from './http.ts';

export interface SimulatedProviderOptions {
  /** 0: any free one. */
  readonly port?: number;
  readonly adminPort?: number;
  readonly apiKey: string;
  /** `whsec_…`: signs the confirmations. */
  readonly secret: string;
  readonly callbackUrl?: string | null;
  readonly journalFile?: string | null;
  readonly seed?: number;
  readonly faults?: FaultsInput;
}

/** `POST /returns`: a paid payment comes back, all of it or `amount_minor`, and the caller is told. */
const returnOrderSchema = z.strictObject({
  settlement_id: z.string().optional(),
  amount_minor: z
    .string()
    .regex(/^[1-9]\d{0,17}$/)
    .optional(),
  code: z.string().min(1).max(60).default('account_closed'),
  as: z.enum(['returned', 'rejected']).default('returned'),
});
type ReturnOrder = z.output<typeof returnOrderSchema>;

export interface SimulatedProvider {
  readonly url: string;
  readonly adminUrl: string;
  readonly books: Books;
  readonly confirmations: ConfirmationCounts;
  /** As `POST /returns`; null where nothing can come back. */
  takeBack(order: z.input<typeof returnOrderSchema>): Entry | null;
  /** What is not named goes back to its default. */
  setFaults(faults: FaultsInput): Promise<void>;
  close(): Promise<void>;
}

export async function startSimulatedProvider(options: SimulatedProviderOptions): Promise<SimulatedProvider> {
  const seed = options.seed ?? 1;
  const books = new Books(options.journalFile ?? null);
  const { apiKey, secret, callbackUrl = null } = options;
  const confirmations = createConfirmations({ callbackUrl, secret, random: seededRandom(seed + 4) });
  const desk = new Desk({ books, confirmations, seed, faults: faultsSchema.parse(options.faults ?? {}) });
  const api = createApi(desk, apiKey);
  const port = await listen(api, options.port ?? 0);

  async function setFaults(input: FaultsInput): Promise<void> {
    desk.faults = faultsSchema.parse(input);
    if (desk.faults.down && api.listening) await closed(api);
    if (!desk.faults.down && !api.listening) await listen(api, port);
  }

  async function administer(request: IncomingMessage): Promise<Reply> {
    const url = new URL(request.url ?? '/', 'http://admin');
    switch (`${request.method} ${url.pathname}`) {
      case 'GET /livez':
        return says(200, { status: 'ok', down: desk.faults.down });
      case 'GET /faults':
        return says(200, desk.faults);
      case 'PUT /faults': {
        const wanted = faultsSchema.safeParse(await readJson(request));
        if (!wanted.success) return says(422, { error_code: 'faults_malformed', says: wanted.error.message });
        await setFaults(wanted.data);
        return says(200, desk.faults);
      }
      case 'POST /returns': {
        const wanted = returnOrderSchema.safeParse(await readJson(request));
        if (!wanted.success) return says(422, { error_code: 'return_malformed', says: wanted.error.message });
        const returned = takeBack(wanted.data, books, confirmations);
        return returned === null ? says(409, { error_code: 'nothing_to_return' }) : says(200, returned);
      }
      case 'GET /totals':
        return says(200, { ...books.totals(), confirmations: confirmations.counts });
      case 'GET /payments': {
        const wanted = url.searchParams.get('settlement_id');
        const payments = [...books.entries()].filter(({ order }) => wanted === null || order.settlement_id === wanted);
        return says(200, { payments });
      }
      default:
        return says(404, { error_code: 'route_not_found' });
    }
  }
  const admin = createServer((request, response) => render(administer(request), request, response));
  const adminPort = await listen(admin, options.adminPort ?? 0);
  if (desk.faults.down) await closed(api);

  return {
    url: `http://${host}:${port}`,
    adminUrl: `http://${host}:${adminPort}`,
    books,
    confirmations: confirmations.counts,
    takeBack: (order) => takeBack(returnOrderSchema.parse(order), books, confirmations),
    setFaults,
    async close() {
      desk.close();
      await Promise.all([closed(api), closed(admin), confirmations.close()]);
      books.close();
    },
  };
}

/** The newest payment that is paid, of one settlement or of all. */
function takeBack(order: ReturnOrder, books: Books, confirmations: Confirmations): Entry | null {
  const { settlement_id, amount_minor, code, as } = order;
  const paid = [...books.entries()].filter(
    (one) => one.state === 'paid' && (settlement_id === undefined || one.order.settlement_id === settlement_id),
  );
  const key = paid.at(-1)?.idempotency_key ?? '';
  const returned = books.returnOf(key, amount_minor === undefined ? null : BigInt(amount_minor), code);
  if (returned !== null) confirmations.tellReturn(returned, as);
  return returned;
}

function createApi(desk: Desk, apiKey: string) {
  const reply = (request: IncomingMessage): Promise<Reply> => {
    if (request.headers.authorization !== `Bearer ${apiKey}`)
      return Promise.resolve(says(401, { error_code: 'credentials_wrong' }));
    const route = `${request.method} ${request.url}`;
    if (route === 'POST /v1/payments') return desk.pay(request);
    if (route === 'POST /v1/inquiries') return desk.inquire(request);
    const url = new URL(request.url ?? '/', 'http://api');
    if (request.method === 'GET' && url.pathname === '/v1/payments') return desk.list(url);
    return Promise.resolve(says(404, { error_code: 'route_not_found' }));
  };
  const api = createServer((request, response) => render(reply(request), request, response));
  // An idle connection is the caller's to close: where the server does so first, a submission may be lost on it.
  api.keepAliveTimeout = 120_000;
  return api;
}
