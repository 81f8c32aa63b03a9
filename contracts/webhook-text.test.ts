// The bytes of each webhook, as partners have had them since they began.

import { expect, test } from 'vitest';
import { newId } from './ids.ts';
import { type SettlementWebhook, settlementEventTypes } from './settlement.ts';
import { webhookText } from './webhook-text.ts';

const settlement_id = newId('stl');
const merchant_id = newId('mrch');
const settlement_return_id = newId('srt');
const timestamp = '2026-11-27T12:07:03.120Z';
const told: Extract<SettlementWebhook, { type: 'settlement.completed' | 'settlement.failed' }>['data'] = {
  ...{ settlement_id, merchant_id, amount_minor: 1_250, currency: 'USD', reference: 'Bücher "€"' },
  state: 'completed',
  failure_code: null,
};
const ofSettlement = `"state": "completed", "currency": "USD", "reference": "Bücher \\"€\\"", "merchant_id": "${merchant_id}", "amount_minor": 1250, "failure_code": null, "settlement_id": "${settlement_id}"`;

const cases: readonly (readonly [SettlementWebhook, string])[] = [
  [
    { type: 'settlement.completed', timestamp, data: told },
    `{"data": {${ofSettlement}}, "type": "settlement.completed", "timestamp": "${timestamp}"}`,
  ],
  [
    { type: 'settlement.failed', timestamp, data: { ...told, state: 'failed', failure_code: 'cancelled' } },
    `{"data": {${ofSettlement.replace('completed', 'failed').replace('null', '"cancelled"')}}, "type": "settlement.failed", "timestamp": "${timestamp}"}`,
  ],
  [
    {
      type: 'settlement.returned',
      timestamp,
      data: {
        ...told,
        ...{ settlement_return_id, returned_minor: 250, returned_total_minor: 250, reason_code: 'AC04' },
        occurred_at: null,
      },
    },
    `{"type":"settlement.returned","timestamp":"${timestamp}","data":{"settlement_id":"${settlement_id}","merchant_id":"${merchant_id}","amount_minor":1250,"currency":"USD","reference":"Bücher \\"€\\"","state":"completed","failure_code":null,"settlement_return_id":"${settlement_return_id}","returned_minor":250,"returned_total_minor":250,"reason_code":"AC04","occurred_at":null}}`,
  ],
  [
    { type: 'merchant.destination_changed', timestamp, data: { merchant_id, payable_from: null } },
    `{"data": {"merchant_id": "${merchant_id}", "payable_from": null}, "type": "merchant.destination_changed", "timestamp": "${timestamp}"}`,
  ],
];

test.each(cases.map(([event, text]) => [event.type, event, text] as const))('%s', (_, event, text) => {
  expect(webhookText(event)).toBe(text);
});

test('every type of event is in the table above', () => {
  expect(cases.map(([{ type }]) => type)).toEqual([...settlementEventTypes]);
});
