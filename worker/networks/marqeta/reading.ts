// A transaction of a webhook while it is read: its strict fields, and what several of its meanings depend on.

import { attribute, flagOf, type Unread, wordOf } from '../../../contracts/attributes.ts';
import type { Fields } from '../../../contracts/decorations.ts';
import { fieldsOf, type Transaction } from './wire.ts';

export interface Reading extends Transaction {
  readonly type: string;
  readonly state: string | null;
  /** Where it stands in the body, for the field names of a refusal. */
  readonly at: string;
  readonly unread: Unread;
  readonly link: string | null;
  readonly standIn: 'network' | 'processor' | null;
  readonly gateway: GatewayLog;
}

interface GatewayLog {
  /** Our answer came too late for Marqeta. */
  readonly timedOut: boolean;
  /** The HTTP status of our answer, as Marqeta has it. */
  readonly responseCode: string | null;
}

export function gatewayLogOf({ gpa_order }: Fields, unread: Unread): GatewayLog {
  const { funding } = fieldsOf(gpa_order, 'gateway_log', unread);
  const { gateway_log } = fieldsOf(funding, 'gateway_log', unread);
  const { timed_out, response } = fieldsOf(gateway_log, 'gateway_log', unread);
  const { code } = fieldsOf(response, 'gateway_log', unread);
  return {
    timedOut: attribute(flagOf, timed_out, 'timed_out', unread) === true,
    responseCode: attribute(wordOf, code, 'response_code', unread),
  };
}

/** What the notification says of the request's funding. */
export function jitFundingOf({ gpa_order, unread }: Reading): Fields {
  return fieldsOf(fieldsOf(gpa_order, 'jit_funding', unread)['jit_funding'], 'jit_funding', unread);
}

/**
 * Who decided without us; null where nobody did. It is enough that somebody is named, in whatever form: an authorization that
 * nobody here has decided must be held.
 */
export function standInBy(
  { subnetwork, standin_approved_by, standin_by }: Fields,
  type: string,
  unread: Unread,
): 'network' | 'processor' | null {
  if (isNamed(standin_approved_by) || attribute(wordOf, subnetwork, 'subnetwork', unread) === 'MANAGED_JIT')
    return 'processor';
  return isNamed(standin_by) || type === 'authorization.standin' ? 'network' : null;
}

function isNamed(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && value !== false;
}
