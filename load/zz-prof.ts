import { pino } from 'pino'; import { Registry } from 'prom-client';
import { Intake } from '../origin/intake/intake.ts'; import { createIntakeMetrics } from '../origin/intake/intake-metrics.ts';
import { startTemporaryPostgres } from '../scripts/temporary-postgres.ts';
import { deliveryOf, freshDatabase, madeUpProgram } from './intake-program.ts';
const server = await startTemporaryPostgres(); const cards = madeUpProgram();
for (const n of ['a','b','c']) {
const { database } = await freshDatabase(server.url, n, cards);
const intake = new Intake({ database, metrics: createIntakeMetrics(new Registry()), log: pino({level:'error'}), eventsPerBatchMax: Number(process.env.B ?? 1000) });
const texts = deliveryOf(cards).values(); const t=performance.now(); const c=process.cpuUsage();
await Promise.all(Array.from({length:6}, async()=>{ for(;;){ const x=texts.take(100).toArray(); if(!x.length) return; await intake.take(x.map((t,i)=>({id:String(i),body:JSON.parse(t)}))); }}));
const s=(performance.now()-t)/1000; const u=process.cpuUsage(c); console.log((60000/s).toFixed(0), s.toFixed(2), 'node cpu', ((u.user+u.system)/1e6).toFixed(2)); 
if (n==='c') { const r=await database.sql.query<any>(`select sum(total_exec_time) from pg_stat_statements`).catch(()=>null); }
await database.close(); }
await server.stop(); process.exit(0);
