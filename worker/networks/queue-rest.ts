// What a batch holds beyond the elements that are told to their cards before the answer. Nothing that a network has signed is refused
// for coming together with too much else: what can be read travels to its card by the queue of notices, what cannot is kept for a
// person, and both are in a queue before the answer. Cards take messages in any order, so it does not matter which come first.

import type { CardNotice } from '../../contracts/card-notice.ts';
import { isFields } from '../../contracts/decorations.ts';
import { limits } from '../../contracts/limits.ts';
import type { FieldProblem } from '../../contracts/problem.ts';
import type { Env } from '../env.ts';
import { keepFacts, type OddFact } from '../keep-facts.ts';
import { logEvent } from '../log.ts';
import { sendInCalls } from '../send-in-calls.ts';
import type { CardNetwork, FactResult, Rest } from './network.ts';

/** What an element asks of cards, none where no money moves; or the field that cannot be read. */
type Read = (element: unknown, at: string) => readonly CardNotice[] | FieldProblem;

/** The outcomes of the elements that were read, in their order. Throws where a queue does not take its part. */
export async function queueRest(
  env: Env,
  { name: network, facts }: CardNetwork,
  rest: Rest,
  read: Read,
): Promise<FactResult[]> {
  const { name, from, elements, problem } = rest;
  const end = Math.max(0, Math.min(elements.length, limits.batchReadMax - from));
  const notices: CardNotice[] = [];
  const odd: (FieldProblem & { readonly element: unknown })[] = [];
  const outcomes = elements.slice(0, end).map((element, index): FactResult => {
    const at = `${name}[${from + index}]`;
    const found = problem === null ? read(element, at) : { field: at, problem };
    if ('field' in found) {
      odd.push({ ...found, element });
      return { element, at, outcome: 'kept', is_reused: false, ...found };
    }
    notices.push(...found);
    return { element, at, outcome: 'queued' };
  });
  await sendInCalls(env.STAND_INS, notices);
  const alone = odd.slice(0, limits.batchDirectMax).map(({ element, field, problem }): OddFact => {
    const cardToken = isFields(element) ? element['card_token'] : null;
    return { fact: element, cardToken, reason: 'out_of_contract', field, problem, merchant: facts.merchantIn(element) };
  });
  const together = odd.slice(limits.batchDirectMax).map(({ element }) => element);
  const kept = [
    ...alone,
    ...lotsOf(together, `${name}[…]`, 'are elements of a batch that cannot be read'),
    ...lotsOf(elements.slice(end), `${name}[…]`, `are elements beyond the first ${limits.batchReadMax} of a batch`),
  ];
  await keepFacts(env, network, facts.identifiers, kept);
  logEvent('warn', 'large_batch', {
    ...{ network, elements: from + elements.length, queued: notices.length, kept: kept.length },
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
