// Marqeta's gateway: a request from its text, and how it is answered in Marqeta's statuses.

import type { Unread } from '../../../contracts/attributes.ts';
import { isFields } from '../../../contracts/decorations.ts';
import { fieldAgain, standsTwice } from '../../../contracts/lost-by-json.ts';
import { Refusal } from '../../../contracts/problem.ts';
import { inShape, refusalOf, refuseCardFields } from '../../body.ts';
import { logEvent } from '../../log.ts';
import type { Answer, Asked, Outcome, Policy } from '../network.ts';
import { answerTo, requestOf, stoodInAnswer, unavailableAnswer, unreadableAnswer } from './gateway.ts';
import { type GatewayMessage, gatewaySchema, isGatewayMessage, parseMarqeta } from './wire.ts';

/**
 * A request in our words; what cannot be read of it as a request is declined, in Marqeta's own words. A body that is no object
 * is no message of Marqeta's, and refused.
 */
export function parseGateway(text: string, unread: Unread): Asked | Answer {
  const body = parseMarqeta(text);
  refuseCardFields(body);
  try {
    const again = fieldAgain(body);
    if (again !== null) throw refusalOf(again, standsTwice);
    const message = isGatewayMessage(body) ? body : inShape(gatewaySchema, body);
    return {
      cardToken: message.card_token,
      request: requestOf(message, unread),
      render: (answer, policy) => rendered(message, answer, policy),
    };
  } catch (error) {
    if (!(error instanceof Refusal) || !isFields(body)) throw error;
    logEvent('warn', 'request_unreadable', { network: 'marqeta', field: error.details[0]?.field ?? null });
    return { status: 402, body: unreadableAnswer(body, error) };
  }
}

function rendered(message: GatewayMessage, answer: Outcome, policy: Policy): Answer {
  switch (answer.outcome) {
    case 'decided':
      return answerTo(message, answer);
    case 'stood_in':
      return { status: 200, body: stoodInAnswer(message) };
    case 'unavailable':
      // Marqeta takes 500 as a gateway error: it declines, or stands in where Commando Mode includes application errors.
      if (policy === 'network') throw new Refusal(500, 'card_unavailable', 'The card could not be reached in time.');
      return { status: 402, body: unavailableAnswer(message) };
  }
}
