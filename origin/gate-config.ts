// Configuration of the way in: who may connect, how many at once, and what is answered at which door.

import * as z from 'zod';
import { isTooWide, readRanges } from './api/http/client-address.ts';
import { hostSetting, oneOfSetting, wholeSetting } from './setting-shapes.ts';

export const gateEnvironmentShape = {
  /** Where set, health, metrics and what the edge pushes are answered at this port alone. 0: any free one, for tests. */
  INNER_PORT: wholeSetting(0, 65_535).optional(),
  /** Where it listens; HOST where it is not set. */
  INNER_HOST: hostSetting.optional(),
  /** `inner`: /docs and /openapi.json at INNER_PORT alone. */
  DOCS: oneOfSetting('public', 'inner').default('public'),
  /** Address ranges of our own proxies, whose X-Forwarded-For is believed. */
  TRUSTED_PROXIES: z
    .string()
    .default('')
    .transform((text, context) => {
      try {
        const ranges = readRanges(text);
        if (!isTooWide(ranges)) return ranges;
        context.addIssue('must be the addresses of your own proxies: these are so many that a stranger may have one');
        return z.NEVER;
      } catch {
        context.addIssue('must be addresses or ranges such as 10.0.0.0/8, with commas between them');
        return z.NEVER;
      }
    }),
  /** Connections at once, and of one address; more are answered 503 and closed. A connection costs some 20 KB, and 64 KiB with a body. */
  CONNECTIONS_MAX: wholeSetting(10, 100_000).default(2_000),
  CONNECTIONS_PER_ADDRESS_MAX: wholeSetting(1, 100_000).default(500),
  /** Above so late an event loop, calls of the API are answered 503 before anything is done for them. */
  EVENT_LOOP_DELAY_MS_MAX: wholeSetting(10, 60_000).default(250),
  WRONG_KEYS_PER_ADDRESS_PER_MINUTE: wholeSetting(1, 1_000_000_000).default(60),
  WRONG_KEYS_PER_MINUTE: wholeSetting(1, 1_000_000_000).default(3_000),
  /** Whom to tell of a weakness, as /.well-known/security.txt says it; several with spaces, the preferred first. */
  SECURITY_CONTACT: z
    .string()
    .default('')
    .transform((text, context) => {
      const contacts = text.split(/\s+/).filter((contact) => contact !== '');
      if (contacts.every((contact) => /^(?:mailto:[^\s@,;]+@[^\s@,;]+|https:\/\/[^\s,;]+|tel:\+[\d-]+)$/.test(contact)))
        return contacts;
      context.addIssue('must be mailto:, https:// or tel: addresses, with spaces between them');
      return z.NEVER;
    }),
} as const;

const shape = z.object(gateEnvironmentShape);
export type GateConfig = z.infer<typeof shape>;

export function gateProblems({ DOCS, INNER_PORT }: GateConfig, production: boolean): string[] {
  if (INNER_PORT !== undefined) return [];
  return [
    ...(DOCS === 'inner' ? ['DOCS: is inner, and there is no INNER_PORT'] : []),
    // Without it /health and /metrics are answered to whoever reaches PORT.
    ...(production
      ? ['INNER_PORT: is not set, and production answers /health and /metrics at a port of their own']
      : []),
  ];
}
