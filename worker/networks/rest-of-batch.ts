// What a batch holds beyond the elements that are told to their cards before the answer. Nothing that a network has signed is refused
// for coming together with too much else: what can be read travels to its card by the queue of notices, what cannot is kept for a
// person, and both are in a queue before the answer. Cards take messages in any order, so it does not matter which come first.

import type { Merchant } from '../../contracts/authorization-request.ts';
import type { CardNotice } from '../../contracts/card-notice.ts';
import { isFields } from '../../contracts/decorations.ts';
import { limits } from '../../contracts/limits.ts';
import type { Network } from '../../contracts/network.ts';
import type { FieldProblem } from '../../contracts/problem.ts';
import type { Env } from '../env.ts';
import { keepFacts, type OddFact } from '../keep-facts.ts';
import { logEvent } from '../log.ts';
import { sendInCalls } from '../send-in-calls.ts';

/** The end of a list of a batch. */
export interface Rest {
  /** As `transactions`. */
  readonly name: string;
  /** The place of the first of these elements in the list. */
  readonly from: number;
  readonly elements: readonly unknown[];
}

export interface RestReader {
  readonly network: Network;
  readonly identifiers: ReadonlySet<string>;
  /** What the element asks of a card, none where no money moves; or the field that cannot be read. */
  readonly read: (element: unknown, at: string) => readonly CardNotice[] | FieldProblem;
  /** The shop that an element names, of which nothing else may be readable; null: none. */
  readonly merchantIn: (element: unknown) => Merchant | null;
}

/** What became of an element: null where it was beyond what is read, and is kept. */
export type RestOutcome = { readonly outcome: 'queued' } | ({ readonly outcome: 'kept' } & FieldProblem);

/** The outcomes of the elements that were read, in their order. Throws where a queue does not take its part. */
export async function queueRest(env: Env, rest: Rest, { network, identifiers, read, merchantIn }: RestReader) {
  const { name, from, elements } = rest;
  const end = Math.max(0, Math.min(elements.length, limits.batchReadMax - from));
  const notices: CardNotice[] = [];
  const odd: (FieldProblem & { readonly element: unknown })[] = [];
  const outcomes = elements.slice(0, end).map((element, index): RestOutcome => {
    const found = read(element, `${name}[${from + index}]`);
    if ('field' in found) {
      odd.push({ ...found, element });
      return { outcome: 'kept', ...found };
    }
    notices.push(...found);
    return { outcome: 'queued' };
  });
  await sendInCalls(env.STAND_INS, notices);
  const alone = odd.slice(0, limits.batchDirectMax).map(({ element, field, problem }): OddFact => {
    const cardToken = isFields(element) ? element['card_token'] : null;
    return { fact: element, cardToken, reason: 'out_of_contract', field, problem, merchant: merchantIn(element) };
  });
  const together = odd.slice(limits.batchDirectMax).map(({ element }) => element);
  const facts = [
    ...alone,
    ...lotsOf(together, `${name}[…]`, 'are elements of a batch that cannot be read'),
    ...lotsOf(elements.slice(end), `${name}[…]`, `are elements beyond the first ${limits.batchReadMax} of a batch`),
  ];
  await keepFacts(env, network, identifiers, facts);
  logEvent('warn', 'large_batch', {
    ...{ network, elements: from + elements.length, queued: notices.length, kept: facts.length },
  });
  return outcomes;
}

const shared = { cardToken: null, reason: 'out_of_contract', merchant: null } as const;

/** Elements that share a fact: as many as a person sees whole in one evidence. */
function lotsOf(elements: readonly unknown[], field: string, problem: string): OddFact[] {
  const facts: OddFact[] = [];
  let lot: unknown[] = [];
  let lotLength = 0;
  const close = () => {
    if (lot.length > 0) facts.push({ ...shared, fact: lot, field, problem });
    lot = [];
    lotLength = 0;
  };
  for (const element of elements) {
    const { length } = JSON.stringify(element) ?? '';
    if (lot.length === limits.factLotElementsMax || lotLength + length > limits.factLotLengthMax) close();
    lot.push(element);
    lotLength += length;
  }
  close();
  return facts;
}
