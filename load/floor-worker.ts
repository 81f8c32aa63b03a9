// The floor that the benchmark measures against: the same hop to the same kind of object and one 400-byte row written,
// nothing else. What an authorization costs above this is ours.

import { DurableObject } from 'cloudflare:workers';

const row = 'x'.repeat(400);

export class FloorObject extends DurableObject {
  #sequence: number;

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env as never);
    ctx.storage.sql.exec('create table if not exists log (sequence integer primary key, body text not null)');
    this.#sequence = Number(ctx.storage.sql.exec('select coalesce(max(sequence), 0) as last from log').one()['last']);
  }

  write(): string {
    this.ctx.storage.sql.exec('insert into log (sequence, body) values (?, ?)', ++this.#sequence, row);
    return row;
  }
}

interface Env {
  readonly FLOOR: DurableObjectNamespace<FloorObject>;
}

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === '/livez') return new Response('ok');
    return new Response(await env.FLOOR.getByName(pathname).write());
  },
} satisfies ExportedHandler<Env>;
