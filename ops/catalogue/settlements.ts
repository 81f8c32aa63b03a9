// Settlements, what is withheld from shops, and what waits for a person.

import { type AlertGroup, dead, job } from './alert.ts';

const final = (le: string) => `settlement_final_seconds_bucket{${job},state="paid",le="${le}"}`;

const bounds = (currency: string) => `cards_withheld_bounds{${job},network="native",currency="${currency}"}`;
const cardsThat = (currency: string) => `cards_withholding{${job},network="native",currency="${currency}"}`;
const ofNative = { at: '20m', labels: { network: 'native' } };

export const settlement: AlertGroup = {
  name: 'settlement',
  alerts: [
    {
      name: 'SettlementFinalSlow',
      expr: `histogram_quantile(0.99, sum by (le) (rate(settlement_final_seconds_bucket{${job}}[10m]))) > 5`,
      ...{ for: '10m', severity: 'SEV-2', service: 'settlement', runbook: 'settlements-slow', origin: 'ours' },
      summary: 'Settlements take more than 5 s at p99 to be final (10m)',
      description: 'p99 is {{ $value | humanizeDuration }}. Objective of A12, for providers that answer at once.',
      fires: { series: { [final('5')]: '0+90x40', [final('10')]: '0+100x40', [final('+Inf')]: '0+100x40' }, at: '25m' },
      silent: {
        series: { [final('5')]: '0+100x40', [final('10')]: '0+100x40', [final('+Inf')]: '0+100x40' },
        at: '25m',
      },
    },
    {
      name: 'SettlementsSetAside',
      expr: `sum(max by (kind) (open_items{${job},kind=~"settlement_set_aside|settlement_refused|provider_contradiction|return_short|booked_twice"})) > 0`,
      ...{ for: '5m', severity: 'SEV-2', service: 'settlement', runbook: 'open-items', origin: 'ours' },
      summary: 'Money of settlements waits for a person',
      description: '{{ $value }} open items: npm run open-items says which.',
      fires: { series: { [dead('settlement_set_aside')]: '2x20' }, at: '10m' },
      silent: { series: { [dead('settlement_set_aside')]: '0x20', [dead('fact_out_of_contract')]: '3x20' }, at: '10m' },
    },
    {
      name: 'ClearingsWithheld',
      expr: `sum(max by (kind) (open_items{${job},kind="clearing_withheld"})) > 0`,
      ...{ for: '5m', severity: 'SEV-2', service: 'settlement', runbook: 'clearings-withheld', origin: 'ours' },
      summary: 'Clearings that no card approved are withheld from shops',
      description: '{{ $value }} shops. A late clearing, or a network’s credential in the wrong hands.',
      fires: { series: { [dead('clearing_withheld')]: '1x20' }, at: '10m' },
      silent: { series: { [dead('clearing_withheld')]: '0x20', [dead('clearing_unassigned')]: '30x20' }, at: '10m' },
    },
    {
      name: 'RefundsWithheld',
      expr: `sum(max by (kind) (open_items{${job},kind="refund_withheld"})) > 0`,
      ...{ for: '5m', severity: 'SEV-2', service: 'settlement', runbook: 'refunds-withheld', origin: 'ours' },
      summary: 'Refunds of no purchase are withheld: no shop is charged with them',
      description:
        '{{ $value }} shops. A large refund that names no purchase, or a network’s credential in the wrong hands.',
      fires: { series: { [dead('refund_withheld')]: '1x20' }, at: '10m' },
      silent: { series: { [dead('refund_withheld')]: '0x20', [dead('clearing_unassigned')]: '30x20' }, at: '10m' },
    },
    {
      name: 'CardsWithholdMuch',
      // A hundred cards' daily bounds (50,000.00 USD), or many cards: single large refunds are open items, and no alert of this kind.
      expr: `sum by (network) (max by (network, currency) (cards_withheld_bounds{${job}})) > 100 or sum by (network) (max by (network, currency) (cards_withholding{${job}})) > 50`,
      ...{ for: '15m', severity: 'SEV-2', service: 'edge', runbook: 'refunds-withheld', origin: 'ours' },
      summary: 'Cards of {{ $labels.network }} withhold much of what they were refunded',
      description:
        '{{ $value }} times what one card may spend of a day’s refunds, or as many cards. A batch of refunds that name no purchase, or a network’s credential in the wrong hands: their cardholders are declined.',
      fires: { series: { [bounds('USD')]: '60x30', [bounds('EUR')]: '60x30' }, ...ofNative },
      silent: { series: { [bounds('USD')]: '90x30', [cardsThat('USD')]: '50x30' }, at: '20m' },
      more: [
        { what: 'many cards with little each', isFiring: true, series: { [cardsThat('JPY')]: '51x30' }, ...ofNative },
      ],
    },
    {
      name: 'MerchantInDeficit',
      expr: `max by (currency) (merchants_deficit_minor{${job}}) > 0`,
      ...{ for: '1h', severity: 'SEV-3', service: 'settlement', runbook: 'merchant-in-deficit', origin: 'ours' },
      summary: 'More was refunded at a merchant than it is owed (1h)',
      description:
        '{{ $value }} in minor units of {{ $labels.currency }}: what clears next makes it good, if anything does.',
      fires: {
        series: { [`merchants_deficit_minor{${job},currency="USD"}`]: '500x90' },
        at: '80m',
        labels: { currency: 'USD' },
      },
      silent: { series: { [`merchants_deficit_minor{${job},currency="USD"}`]: '0x10 500x30 0x50' }, at: '80m' },
    },
    {
      name: 'SettlementResultLost',
      expr: `increase(settlement_results_not_recorded_total{${job}}[15m]) > 0`,
      ...{ severity: 'SEV-2', service: 'settlement', runbook: 'db-errors', origin: 'ours' },
      summary: 'Results of providers were not recorded',
      description:
        'Their settlements are asked about again: nothing is lost, and the database did not take them when it should have.',
      fires: {
        series: { [`settlement_results_not_recorded_total{${job}}`]: '0x5 3x20' },
        at: '15m',
        labels: { job: 'payments' },
      },
      silent: { series: { [`settlement_results_not_recorded_total{${job}}`]: '3x40' }, at: '30m' },
    },
    {
      name: 'OpenItemsOld',
      expr: `max by (kind) (open_items_oldest_age_seconds{${job}}) > 86400`,
      ...{ for: '15m', severity: 'SEV-3', service: 'settlement', runbook: 'open-items', origin: 'ours' },
      summary: 'A {{ $labels.kind }} has waited for a person for more than a day',
      description: 'The oldest for {{ $value | humanizeDuration }}.',
      fires: {
        series: { [`open_items_oldest_age_seconds{${job},kind="dead_letter"}`]: '90000x30' },
        at: '20m',
        labels: { kind: 'dead_letter' },
      },
      silent: { series: { [`open_items_oldest_age_seconds{${job},kind="dead_letter"}`]: '3600x30' }, at: '20m' },
    },
  ],
};
