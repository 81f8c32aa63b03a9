// The merchants of a run, for k6 scripts: written by the command that starts k6, read once for all virtual users.

import { SharedArray } from 'k6/data';

export interface Merchant {
  readonly merchant_id: string;
  readonly api_key: string;
}

/** `M`: what more the file says of each. */
export function merchantsOf<M extends Merchant>(): readonly M[] {
  const program = __ENV['PROGRAM'] ?? 'program.json';
  return new SharedArray<M>('merchants', () => JSON.parse(open(program)).merchants);
}
