// The second floor: all that any program must do which answers the same requests safely. The body is read, decoded and parsed; the
// credentials are compared; a deadline is kept; one hop to the card's object, with the request as text; one row as long as ours, durable before the
// answer. No rules, no checks of the body, nothing sent to a queue. What an authorization costs above this is what it decides and delivers.

import { DurableObject } from 'cloudflare:workers';

/** Characters of the row of an authorization that the benchmark asks for: 987 to 1,003 over 2,000 of them. */
const row = 'x'.repeat(996);
const deadlineMs = 2_500;
const utf8 = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true });

interface Message {
  readonly card_token: string;
  readonly gpa_order: {
    readonly jit_funding: { readonly token: string; readonly method: string; readonly amount: number };
  };
}

export class FairObject extends DurableObject {
  #sequence: number;

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env as never);
    ctx.storage.sql.exec('create table if not exists log (sequence integer primary key, body text not null)');
    this.#sequence = Number(ctx.storage.sql.exec('select coalesce(max(sequence), 0) as last from log').one()['last']);
  }

  write(requestText: string): string {
    const { gpa_order } = JSON.parse(requestText) as Message;
    this.ctx.storage.sql.exec('insert into log (sequence, body) values (?, ?)', ++this.#sequence, row);
    return JSON.stringify({ outcome: 'approved', approved_minor: gpa_order.jit_funding.amount });
  }
}

interface Env {
  readonly FAIR: DurableObjectNamespace<FairObject>;
  readonly MARQETA_USERNAME: string;
  readonly MARQETA_PASSWORD: string;
}

let expected: Uint8Array | null = null;

export default {
  async fetch(request, env) {
    if (request.url.endsWith('/livez')) return new Response('ok');
    expected ??= utf8.encode(`Basic ${btoa(`${env.MARQETA_USERNAME}:${env.MARQETA_PASSWORD}`)}`);
    const given = utf8.encode(request.headers.get('authorization') ?? '');
    if (given.byteLength !== expected.byteLength || !crypto.subtle.timingSafeEqual(given, expected))
      return new Response(null, { status: 401 });
    const message = JSON.parse(decoder.decode(await request.arrayBuffer())) as Message;
    const { card_token, gpa_order } = message;
    const answerText = await within(env.FAIR.getByName(card_token).write(JSON.stringify({ card_token, gpa_order })));
    const { token, method } = gpa_order.jit_funding;
    const { approved_minor: amount } = JSON.parse(answerText) as { approved_minor: number };
    return new Response(JSON.stringify({ jit_funding: { token, method, amount } }), {
      headers: { 'content-type': 'application/json' },
    });
  },
} satisfies ExportedHandler<Env>;

function within(asked: Promise<string>): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('late')), deadlineMs);
    asked.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
