import { pino } from 'pino'; import { Registry } from 'prom-client';
import { Intake } from '../origin/intake/intake.ts'; import { createIntakeMetrics } from '../origin/intake/intake-metrics.ts';
import { startTemporaryPostgres } from '../scripts/temporary-postgres.ts';
import { deliveryOf, freshDatabase, madeUpProgram } from './intake-program.ts';
import { SampleApi } from '../origin/api/sample-api.ts'; import { connectOwner } from '../origin/db/client.ts';
const server = await startTemporaryPostgres(); const cards = madeUpProgram();
const { url, database } = await freshDatabase(server.url, 'q', cards);
const intake = new Intake({ database, metrics: createIntakeMetrics(new Registry()), log: pino({level:'error'}), eventsWaitingMax: 1e6 });
await intake.take(deliveryOf(cards).map((t,i)=>({id:String(i),body:JSON.parse(t)})));
const o = await connectOwner(url); await o.query('analyze');
const api = await SampleApi.start(url);
const list = (await api.call('GET','/cards?limit=100')).body as any; const card = list.cards[50];
const acc = (await api.call('GET',`/accounts/${card.account_id}`)).body as any;
const auths = (await api.call('GET',`/authorizations?card_id=${card.card_id}`)).body as any;
const clr = (await o.query<any>(`select ledger_account_id id from ledger_accounts where kind='network_clearing'`)).rows[0].id;
for (const p of ['/cards?limit=100',`/cards?account_id=${card.account_id}`,`/cards/${card.card_id}`,`/accounts/${card.account_id}`,`/authorizations?card_id=${card.card_id}`,`/authorizations/${auths.authorizations[3].authorization_id}/timeline`,`/ledger/accounts/${acc.ledger_account_id}`,`/ledger/accounts/${acc.ledger_account_id}/transfers`,`/ledger/accounts/${clr}/transfers`,'/dead-letters','/health','/metrics']) {
  let t=performance.now(); for (let i=0;i<20;i++) { const r=await api.call('GET',p); if(r.status!==200) console.log(r.text); } console.log(((performance.now()-t)/20).toFixed(2),'ms', p.slice(0,60)); }
console.log((await o.query(`select relname, seq_scan, idx_scan from pg_stat_user_tables where relname in ('card_events','ledger_transfers','authorizations') `)).rows);
await api.close(); await database.close(); await o.end(); await server.stop(); process.exit(0);
