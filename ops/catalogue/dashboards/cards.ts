// The thing sold: decisions, how fast, for how much. Counted from the cards' events as they are booked.

import { type Dashboard, increase, lines, perSecond, quantiles, stacked } from '../dashboard.ts';

const hourly = (counter: string) => increase(counter, { by: 'network, currency', over: '1h' });

export const cards: Dashboard = {
  id: 'cards',
  title: 'Atlas: cards',
  says: 'What cards decide, why, and for how much. Amounts are minor units: 100 of USD are 1.00.',
  rows: [
    {
      title: 'Decisions',
      panels: [
        stacked('By outcome', 'ops', [[perSecond('card_decisions_total', { by: 'outcome' }), '{{outcome}}']]),
        lines(
          'Approved',
          'percent',
          [
            [
              `100 * ${perSecond('card_decisions_total', { by: 'network', where: 'outcome="approved"' })} / ${perSecond('card_decisions_total', { by: 'network' })}`,
              '{{network}}',
            ],
          ],
          { says: 'Of the requests that a card decided. A decline is an answer, not an error.' },
        ),
        stacked('Declined, by reason', 'ops', [
          [`${perSecond('card_decisions_total', { by: 'reason', where: 'outcome="declined"' })} > 0`, '{{reason}}'],
        ]),
        lines('Answered within', 's', quantiles('card_authorization_seconds'), {
          says: 'From the arrival at the edge until the decision is durable. Networks wait 1.4 s (native) and 2.5 s (Marqeta).',
          bound: 1.4,
          exemplars: true,
        }),
        lines('By network', 'ops', [[perSecond('card_decisions_total', { by: 'network' }), '{{network}}']]),
      ],
    },
    {
      title: 'Business',
      panels: [
        lines('Approved in an hour', 'short', [[hourly('card_approved_minor_total'), '{{network}} {{currency}}']]),
        lines('Average approval', 'short', [
          [`${hourly('card_approved_minor_total')} / ${hourly('card_approvals_total')}`, '{{network}} {{currency}}'],
        ]),
        lines('Spent in an hour', 'short', [
          [
            increase('card_money_minor_total', { by: 'currency', where: 'what=~"post|direct"', over: '1h' }),
            '{{currency}}',
          ],
        ]),
        lines('Refunded in an hour', 'short', [
          [increase('card_money_minor_total', { by: 'currency', where: 'what="refund"', over: '1h' }), '{{currency}}'],
        ]),
        lines(
          'Settlements that were paid',
          'percent',
          [
            [
              `100 * ${perSecond('settlement_transitions_total', { where: 'state="completed"', over: '1h' })} / ${perSecond('settlement_transitions_total', { where: 'state=~"completed|failed"', over: '1h' })}`,
              'completed',
            ],
          ],
          { says: 'Of those that became final.' },
        ),
      ],
    },
    {
      title: 'Without their card',
      panels: [
        lines(
          'Answered without the card',
          'short',
          [[increase('card_requests_without_card_total', { by: 'network, answer' }), '{{network}} {{answer}}']],
          {
            says: 'The card did not answer within the deadline: the edge stood in or gave the request up; or the network says that our answer came too late.',
          },
        ),
      ],
    },
  ],
};
