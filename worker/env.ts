// The worker's bindings and settings, validated once an isolate: a wrong value names itself and nothing is served with it.

import * as z from 'zod/mini';
import type { CardObject } from '../durable-objects/card/card-object.ts';

export interface Env {
  readonly CARDS: DurableObjectNamespace<CardObject>;
  readonly CARD_EVENTS: Queue;
}

/** What an answer is when the card's object cannot be reached: a decline of ours, or the network's own stand-in. */
const failurePolicies = ['decline', 'network'] as const;

const locationHints = ['wnam', 'enam', 'sam', 'weur', 'eeur', 'apac', 'oc', 'afr', 'me'] as const;

const demoMark = /^demo-|^whsec_ZGVtby/i;
const webhookSecret = z
  .string()
  .check(z.regex(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/, 'must be whsec_ and at least 24 bytes in base64'));

const settingsSchema = z
  .object({
    ENVIRONMENT: z.enum(['development', 'production']),
    /** Where the local push of queue batches goes; empty where the origin pulls. */
    ORIGIN_URL: z._default(z.union([z.literal(''), z.url()]), ''),
    INTERNAL_SECRET: webhookSecret,
    /** Secrets of the native network, separated by spaces: the newest first, older ones while they are rotated out. */
    NATIVE_SECRETS: z.pipe(
      z.pipe(
        z.string(),
        z.transform((text: string) => text.split(/\s+/).filter((secret) => secret !== '')),
      ),
      z.array(webhookSecret).check(z.minLength(1, 'must hold at least one whsec_ secret')),
    ),
    MARQETA_USERNAME: z.string().check(z.minLength(1)),
    /** Marqeta asks for 20 to 50 characters. */
    MARQETA_PASSWORD: z
      .string()
      .check(z.minLength(20, 'must be 20 to 50 characters, as Marqeta asks'), z.maxLength(50)),
    /** The webhook's `config.secret`; empty: webhooks are not signed, Basic authentication alone guards them. */
    MARQETA_WEBHOOK_SECRET: z._default(z.string(), ''),
    /** Where new card objects are placed: near the network that calls, which is not where their profile comes from. */
    CARD_LOCATION_HINT: z.optional(z.enum(locationHints)),
    MARQETA_FAILURE_POLICY: z._default(z.enum(failurePolicies), 'decline'),
  })
  .check(({ value, issues }) => {
    if (value.ENVIRONMENT !== 'production') return;
    for (const name of ['INTERNAL_SECRET', 'MARQETA_USERNAME', 'MARQETA_PASSWORD'] as const)
      if (demoMark.test(value[name]))
        issues.push({
          code: 'custom',
          path: [name],
          input: undefined,
          message: 'is a demo value; set a secret of your own',
        });
    if (value.NATIVE_SECRETS.some((secret) => demoMark.test(secret)))
      issues.push({ code: 'custom', path: ['NATIVE_SECRETS'], input: undefined, message: 'holds a demo value' });
  });
export type Settings = z.infer<typeof settingsSchema>;

const known = new WeakMap<Env, Settings>();

/** The settings of these bindings. Throws an error that names every wrong one, without its value. */
export function settingsOf(env: Env): Settings {
  const before = known.get(env);
  if (before !== undefined) return before;
  const parsed = settingsSchema.safeParse(env);
  if (!parsed.success) {
    const wrong = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`);
    throw new Error(
      `The edge's configuration is wrong: ${wrong.join('; ')}. Set it in .dev.vars or by wrangler secret put.`,
    );
  }
  known.set(env, parsed.data);
  return parsed.data;
}
