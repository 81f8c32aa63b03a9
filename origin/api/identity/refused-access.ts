// What was refused for who asked, or for how much or what they sent: counted always, and logged as samples. A stranger can be refused
// thousands of times a second; the log gets the first of each kind at once, then one line in ten seconds with how many there were.

import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import type { Refusal } from '../../../contracts/problem.ts';
import type { ErrorCode } from '../../errors.ts';

export interface RefusedRequest {
  readonly request_id: string;
  readonly method: string;
  /** Null: not known, or wrong. */
  readonly api_key_id: string | null;
  /** Of this day: see client-address.ts. */
  readonly address_hash: string;
}

/** Codes that say something of the caller, and nothing of the state of our books. */
const counted: ReadonlySet<string> = new Set<ErrorCode>([
  ...(['credentials_wrong', 'signature_wrong', 'scope_missing', 'too_many_attempts', 'too_many_requests'] as const),
  ...(['too_many_at_once', 'body_too_large', 'card_data_refused', 'overloaded'] as const),
]);

/** Callers whose lines are counted apart; beyond it, all of one reason share one. */
const linesMax = 1_000;

export type CountRefused = (refused: Refusal, request: () => RefusedRequest) => void;

export function createRefusedAccess(registry: Registry, log: Logger, sampleMs: number): CountRefused {
  const total = new Counter({
    name: 'access_refused_total',
    help: 'Requests refused for who sent them, how many, or what was in them, by the error_code that they were answered',
    labelNames: ['reason'],
    registers: [registry],
  });
  /** How many came since the last line of this reason and caller. */
  const unsaid = new Map<string, number>();
  return ({ error_code: reason, status }, request) => {
    if (!counted.has(reason)) return;
    total.inc({ reason });
    const refused = request();
    const line = unsaid.size < linesMax ? `${reason} ${refused.api_key_id ?? ''}` : reason;
    const waiting = unsaid.get(line);
    if (waiting !== undefined) {
      unsaid.set(line, waiting + 1);
      return;
    }
    unsaid.set(line, 0);
    log.warn({ reason, status, ...refused }, 'access was refused');
    setTimeout(() => {
      const more = unsaid.get(line) ?? 0;
      unsaid.delete(line);
      const { api_key_id, address_hash } = refused;
      if (more > 0)
        log.warn(
          { reason, status, api_key_id, address_hash, more, within_s: sampleMs / 1_000 },
          'access was refused again',
        );
    }, sampleMs).unref();
  };
}
