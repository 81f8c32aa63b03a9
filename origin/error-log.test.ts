// What fails is in the log once, with its cause and with what it belongs to, and never with what is secret or somebody's own: failing
// operations at the origin's seams, drawn in any order, with one corpus of secrets in all they handle.

import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { asOwner, createTestDatabase } from '../scripts/test-postgres.ts';
import { until } from '../scripts/test-waiting.ts';
import { createLog } from './log.ts';
import { createLoop } from './loop.ts';
import { SampleApi } from './testing/sample-api.ts';
import { SampleCard } from './testing/sample-card.ts';
import { newEndpoint, newMerchant, settle, startDelivery } from './testing/sample-partner.ts';

/** In names, tokens, destinations, secrets and addresses of what is tried here. None may ever stand in a line. */
const secrets = {
  pan: '4111111111111111',
  person: 'Jane Roe-Fitzgerald',
  iban: 'DE89370400440532013000',
  cardToken: 'tok-secret-7f3a',
  apiKey: 'an-api-key-of-tests-000000',
  webhookSecret: 'whsec_c2VjcmV0IG9mIGEgd2ViaG9vaw',
};

let url: string;
let api: SampleApi;
let cards = 0;

beforeAll(async () => {
  url = await createTestDatabase();
  api = await SampleApi.start(url);
  // What the database refuses by rules of its own, with the row in its detail, as every broken constraint is told.
  await asOwner(url, (sql) =>
    sql.query(`
      alter table accounts add check (name not like '%Roe%');
      create function refuse_marked() returns trigger language plpgsql as $$
      begin
        if exists (select from stored where body::text like '%Roe%') then raise exception 'marked' using errcode = 'check_violation'; end if;
        return null;
      end $$;
      create trigger refuse_marked after insert on card_events referencing new table as stored
        for each statement execute function refuse_marked();`),
  );
  return () => api.close();
});

interface Line {
  readonly level: string;
  readonly msg: string;
  readonly err?: { readonly type: string; readonly message: string; readonly stack?: string; readonly code?: string };
  readonly [name: string]: unknown;
}

/** What belongs together: the field that names it, and how the one line begins. */
interface Failing {
  readonly run: () => Promise<void>;
  readonly says: RegExp;
  readonly names: string;
}

async function withTableGone(table: string, work: () => Promise<unknown>): Promise<void> {
  await asOwner(url, (sql) => sql.query(`alter table ${table} rename to ${table}_gone`));
  try {
    await work();
  } finally {
    await asOwner(url, (sql) => sql.query(`alter table ${table}_gone rename to ${table}`));
  }
}

function card(): SampleCard {
  cards += 1;
  return new SampleCard(`${secrets.cardToken}-${cards}`);
}

const shop = { id: null, name: `${secrets.person} ${secrets.pan}`, category: null, country: null };

const operations = {
  'a request that the database refuses': {
    run: async () => void (await api.call('POST', '/accounts', { name: secrets.person, currency: 'USD' })),
    says: /^a request failed$/,
    names: 'request_id',
  },
  'a request to a database that fails': {
    run: () => withTableGone('merchants', () => api.call('GET', '/merchants')),
    says: /^a request failed$/,
    names: 'request_id',
  },
  'an event that the database refuses': {
    run: async () => {
      const odd = card();
      odd.authorize(100, { merchant: shop });
      await api.deliver(odd.message(2));
    },
    says: /^a card event was refused, and is a dead letter$/,
    names: 'sequence',
  },
  'events that cannot be booked now': {
    run: () => withTableGone('ledger_transfers', () => api.deliver(bought().message())),
    says: /^card events were not booked, and come again$/,
    names: 'messages',
  },
  'a profile that does not reach the edge': {
    run: async () => {
      const account_id = (await api.newAccount())['account_id'];
      api.edge.away = true;
      cards += 1;
      await api.call('POST', '/cards', { account_id, network: 'native', card_token: `${secrets.cardToken}-${cards}` });
      api.edge.away = false;
    },
    says: /^a card profile did not reach the edge$/,
    names: 'card_id',
  },
  'a round of a loop': {
    run: async () => {
      const loop = createLoop({
        ...{ name: 'sample', log: ownLog(), intervalMs: 60_000 },
        round: () => api.database.sql.query('select $1::json', [`"${secrets.person}`]).then(() => false),
      });
      loop.start();
      await until(loop.failures, (failures) => failures === 1);
      await loop.stop();
    },
    says: /^sample: a round failed$/,
    names: 'loop',
  },
  'a webhook that cannot be signed': {
    run: async () => {
      const merchant_id = await newMerchant(api.database.sql);
      const { webhook_endpoint_id } = await newEndpoint(api.database, merchant_id, { url: 'http://127.0.0.1:1/hooks' });
      await api.database.sql.query('update webhook_endpoints set secret = $2 where webhook_endpoint_id = $1', [
        ...[webhook_endpoint_id, secrets.webhookSecret],
      ]);
      await settle(api.database, merchant_id, { count: 1 });
      const loop = startDelivery(api.database, { log: ownLog() });
      const tried = 'select from webhook_messages where merchant_id = $1 and attempts = 1';
      await until(
        async () => (await api.database.sql.query(tried, [merchant_id])).rows.length,
        (count) => count === 1,
      );
      await loop.stop();
    },
    says: /^a webhook message could not be signed$/,
    names: 'event_id',
  },
} satisfies Record<string, Failing>;

function bought(): SampleCard {
  const fine = card();
  fine.clear(null, 100);
  return fine;
}

const ownLog = () => createLog({ level: 'info', to: { write: (line: string) => api.logged.push(line) } });

const names = Object.keys(operations) as (keyof typeof operations)[];

test('error-log completeness: each failure is one line with its cause and what it belongs to, and no secret is in any line', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 6 }), async (drawn) => {
      for (const name of drawn) {
        const { run, says, names: belongsTo } = operations[name];
        api.logged.length = 0;
        await run();
        const text = api.logged.join('');
        for (const secret of Object.values(secrets)) expect(text, name).not.toContain(secret);
        const told = api.logged
          .map((line) => JSON.parse(line) as Line)
          .filter(({ level }) => /warn|error|fatal/.test(level));
        expect(
          told.map(({ msg }) => msg),
          name,
        ).toEqual([expect.stringMatching(says)]);
        expect(told[0]?.[belongsTo], name).toBeDefined();
        expect(told[0]?.err, name).toMatchObject({
          message: expect.stringMatching(/./),
          stack: expect.stringContaining('.ts'),
        });
      }
    }),
    { numRuns: 15 },
  );
}, 120_000);
