// The API put together for tests, on a database given and a stand-in edge. Not used by the service.

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type ServerType, serve } from '@hono/node-server';
import { Registry } from 'prom-client';
import { newId } from '../../contracts/ids.ts';
import type { Profile } from '../../contracts/profile.ts';
import { signCall } from '../../contracts/sign-call.ts';
import type { AccessRecords } from '../access/access-records.ts';
import { type App, type AppParts, createApps } from '../api/app.ts';
import { readConfig } from '../config.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { createEdgeClient } from '../edge/edge-client.ts';
import type { WebhookParts } from '../features/webhooks.ts';
import { createLog } from '../log.ts';
import type { Loop } from '../loop.ts';
import { createFeatures, partsOfApi } from '../start.ts';
import { SampleCard } from './sample-card.ts';
import { type StandInEdge, startStandInEdge } from './stand-in-edge.ts';

const apiKey = 'an-api-key-of-tests-000000';
const deliveryPath = '/internal/card-events';

export type Json = Record<string, unknown>;
export interface Answer {
  readonly status: number;
  readonly body: Json;
  readonly text: string;
  readonly headers: Headers;
}

/** What a test puts in the place of something outside. */
export interface SampleParts extends Pick<Partial<WebhookParts>, 'resolve'> {
  /** In the place of a queue that is pulled. */
  readonly pulls?: readonly Loop[];
  readonly timing?: AppParts['timing'];
}

const noQuota = { RATE_LIMIT_PER_MINUTE: '1000000', RATE_LIMIT_BURST_PER_SECOND: '1000000' };

export class SampleApi {
  readonly app: App;
  /** Where INNER_PORT is set, another. */
  readonly inner: App;
  readonly apiKey = apiKey;
  readonly database: Database;
  readonly edge: StandInEdge;
  readonly access: AccessRecords;
  /** What the service logged, line by line. */
  readonly logged: string[] = [];
  isStopping = false;
  isLate = false;
  /** Sees every answer to `call`. */
  onAnswer: ((method: string, path: string, answer: Answer) => void) | null = null;
  #tokens = 0;
  #server: ServerType | null = null;

  static async start(url: string, settings: Record<string, string> = {}, parts: SampleParts = {}): Promise<SampleApi> {
    const database = openDatabase({ url, poolMax: 10, onIdleError: () => {} });
    return new SampleApi(database, await startStandInEdge(), settings, parts);
  }

  private constructor(database: Database, edge: StandInEdge, settings: Record<string, string>, parts: SampleParts) {
    this.database = database;
    this.edge = edge;
    const log = createLog({ level: 'info', to: { write: (line: string) => this.logged.push(line) } });
    const registry = new Registry();
    const config = readConfig({
      DATABASE_URL: 'postgresql://not-used',
      API_KEY: apiKey,
      INTERNAL_SECRET: edge.secret,
      EDGE_URL: edge.url,
      // A test of a quota has the usual burst of a second.
      ...('RATE_LIMIT_PER_MINUTE' in settings ? {} : noQuota),
      WRONG_KEYS_PER_ADDRESS_PER_MINUTE: '1000000000',
      WRONG_KEYS_PER_MINUTE: '1000000000',
      ...settings,
    });
    const client = createEdgeClient(edge);
    const ground = { config, database, apiDatabase: database, edge: client, registry, log };
    const features = createFeatures({ ...ground, ...parts });
    for (const gauge of Object.values(features).flatMap((feature) => feature.gauges)) gauge(registry);
    this.access = features.identity.access;
    const apps = createApps({
      ...partsOfApi(features),
      ...{ workDatabase: database, edge: client, log, registry, loops: [] },
      ...(parts.pulls === undefined ? {} : { pulls: parts.pulls }),
      internalSecret: edge.secret,
      openItemAgeMsMax: config.OPEN_ITEM_AGE_HOURS_MAX * 3_600_000,
      isStopping: () => this.isStopping,
      gate: config,
      isLate: () => this.isLate,
      timing: parts.timing ?? { refusedSampleMs: 0, looksTtlMs: 0 },
    });
    this.app = apps.outer;
    this.inner = apps.inner ?? apps.outer;
  }

  /** On a port of its own, for who asks over HTTP; `close` ends it. */
  async listen(): Promise<string> {
    this.#server = serve({ fetch: this.app.fetch, port: 0, hostname: '127.0.0.1' });
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server?.close();
    await this.database.close();
    await this.edge.close();
  }

  /** With the key, where the headers do not say otherwise. A text is sent as it is. */
  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const sent = typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await this.app.request(path, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(sent === undefined ? {} : { body: sent }),
    });
    const text = await answer.text();
    const read = text.startsWith('{') ? JSON.parse(text) : {};
    const answered = { status: answer.status, body: read, text, headers: answer.headers };
    this.onAnswer?.(method, path, answered);
    return answered;
  }

  /** One queue message as the edge hands it over. */
  async deliver(message: unknown, secret = this.edge.secret): Promise<Answer> {
    const body = JSON.stringify({ messages: [{ id: 'm1', body: message }] });
    const call = { method: 'POST', pathAndQuery: deliveryPath, body };
    return await this.call('POST', deliveryPath, body, signCall(secret, call, { id: newId('req'), at: new Date() }));
  }

  async newAccount(): Promise<Json> {
    return (await this.call('POST', '/accounts', { name: 'Zoë & Söhne', currency: 'USD' })).body;
  }

  /** A card on the account given, or on one of its own: as the API answered, and as what happens to it. */
  async newCard(over: Json = {}, account?: unknown): Promise<{ card: Json; sample: SampleCard; account_id: unknown }> {
    const account_id = account ?? (await this.newAccount())['account_id'];
    this.#tokens += 1;
    const card_token = `api-${this.#tokens}`;
    const { body } = await this.call('POST', '/cards', { account_id, network: 'native', card_token, ...over });
    const profile = body['profile'] as Partial<Profile> | undefined;
    return { card: body, sample: new SampleCard(card_token, profile), account_id };
  }
}
