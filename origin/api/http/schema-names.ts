// What the schemas of the document are called. Answers and bodies by their operation; what stands within them by itself. Who generates a
// client from the document gets these as the names of types: a name that is here stays.

import type * as z from 'zod';
import { authorizationRequestSchema, merchantSchema } from '../../../contracts/authorization-request.ts';
import { cardMessageSchema } from '../../../contracts/card-message.ts';
import { appliesToSchema, controlSchema } from '../../../contracts/control.ts';
import { decisionSchema, verdictSchema } from '../../../contracts/decision.ts';
import { profileSchema } from '../../../contracts/profile.ts';
import { controlsReadbackSchema } from '../../../contracts/readback.ts';
import {
  settlementReturnSchema,
  settlementTransferSchema,
  settlementTransitionSchema,
} from '../../../contracts/settlement.ts';
import { webhookAttemptSchema, webhookMessageSchema } from '../../../contracts/webhook.ts';
import { windowSchema } from '../../../contracts/window.ts';
import { setVersionSchema } from '../../controls/control-sets.ts';
import { statementLineSchema } from '../accounts/account-statement.ts';
import { budgetOfAccountSchema, listedAccountSchema } from '../accounts/account-view.ts';
import { transferSchema } from '../accounts/transfer-view.ts';
import { authorizationSchema, bookedEventSchema } from '../authorizations/authorization-view.ts';
import { setOfCardSchema } from '../cards/card-view.ts';
import { listedControlSetSchema } from '../controls/control-set-view.ts';
import { givenControls, writtenControl } from '../controls/written-controls.ts';
import { openItemSchema } from '../open-items/open-item-view.ts';
import { accessRecordSchema } from '../operations/access-records.ts';
import { auditEventSchema } from '../operations/audit-events.ts';
import { deadLetterSchema } from '../settlements/settlement-dead-letters.ts';
import { unassignedClearingSchema } from '../settlements/unassigned-clearings.ts';
import { type ComponentSchemas, createComponentSchemas } from './component-schemas.ts';
import { type Json, schemaOf } from './json-schema.ts';
import type { Route } from './route.ts';
import { versions } from './versions.ts';

/** Of answers that are one thing. A page of a list has its operation's name: `listCards` answers `CardsPage`. */
const answers: Readonly<Record<string, string>> = {
  readSettlement: 'Settlement',
  readMerchant: 'Merchant',
  readAccount: 'Account',
  fundAccount: 'AccountFunding',
  withdrawFromAccount: 'AccountWithdrawal',
  readBalanceAt: 'BalanceAt',
  readStatement: 'StatementPage',
  readCard: 'Card',
  changeCard: 'ChangedCard',
  readCompany: 'Company',
  readDepartment: 'Department',
  createEmployee: 'Employee',
  readEmployee: 'EmployeeWithCards',
  offboardEmployee: 'EmployeeOffboarded',
  readCardControls: 'CardControls',
  readCardStandIn: 'CardStandIn',
  readControlSet: 'ControlSet',
  applyControlSetVersion: 'ControlSetApplied',
  readControlSetDistribution: 'ControlSetDistribution',
  backtestControls: 'Backtest',
  listCategories: 'Categories',
  explainAuthorization: 'AuthorizationExplanation',
  readAuthorizationTimeline: 'AuthorizationTimeline',
  readLedgerAccount: 'LedgerAccount',
  createApiKey: 'ApiKeyWithSecret',
  revokeApiKey: 'ApiKey',
  createWebhookEndpoint: 'WebhookEndpointWithSecret',
  readWebhookEndpoint: 'WebhookEndpoint',
  readWebhookMessage: 'WebhookMessageWithAttempts',
  recoverWebhooks: 'WebhooksRecovered',
  readSettlementDeadLetter: 'DeadLetterWithExchanges',
  replaySettlementDeadLetters: 'DeadLettersReplayed',
  readOpenItem: 'OpenItemWithEvidence',
  countOpenItems: 'OpenItemCounts',
  actOnOpenItems: 'OpenItemsActed',
};

/** Within answers. Where a name is of several schemas, each has its distinguishing member's value before it: `LimitControl`. */
const within: readonly (readonly [name: string, schema: z.core.$ZodType])[] = [
  ['Profile', profileSchema],
  ['Control', controlSchema],
  ['AppliesTo', appliesToSchema],
  ['Window', windowSchema],
  ['ControlReadback', controlsReadbackSchema.shape.controls.def.element],
  ['ListedControlSet', listedControlSetSchema],
  ['ListedAccount', listedAccountSchema],
  ['AccountBudget', budgetOfAccountSchema],
  ['StatementLine', statementLineSchema],
  ['SetOfCard', setOfCardSchema],
  ['Authorization', authorizationSchema],
  ['AuthorizationRequest', authorizationRequestSchema],
  ['AuthorizationMerchant', merchantSchema],
  ['Decision', decisionSchema],
  ['Verdict', verdictSchema],
  ['CardEvent', bookedEventSchema],
  ['CardMessage', cardMessageSchema],
  ['LedgerTransfer', transferSchema],
  ['SettlementReturn', settlementReturnSchema],
  ['SettlementTransition', settlementTransitionSchema],
  ['SettlementTransfer', settlementTransferSchema],
  ['WebhookMessage', webhookMessageSchema],
  ['WebhookAttempt', webhookAttemptSchema],
  ['DeadLetter', deadLetterSchema],
  ['OpenItem', openItemSchema],
  ['UnassignedClearing', unassignedClearingSchema],
  ['AuditEvent', auditEventSchema],
  ['AccessRecord', accessRecordSchema],
];

/** The parts of these that are alternatives have names too, and what each alternative of a control applies to. */
export function namedSchemas(routes: readonly Route[]): ComponentSchemas {
  const components = createComponentSchemas();
  const nameAll = (name: string, schema: Json, prefix = ''): void => {
    components.name(`${prefix}${name}`, schema);
    for (const [value, part] of alternativesOf(schema)) components.name(`${prefix}${value}${name}`, part);
  };
  for (const [name, schema] of within) nameAll(name, schemaOf(schema, 'output'));
  const written = schemaOf(writtenControl, 'output');
  nameAll('Control', written, 'Written');
  components.name('WrittenAppliesTo', appliesToOf(written));
  // In requests, where what has a default may be left out.
  const given = schemaOf(givenControls, 'input')['items'] as Json;
  nameAll('Control', given, 'Given');
  components.name('GivenAppliesTo', appliesToOf(given));
  nameAll('Window', schemaOf(windowSchema, 'input'), 'Given');
  components.name('ControlSetVersion', schemaOf(setVersionSchema, 'input'));
  // Those with names of their own first: what `createCard` answers is a `Card`.
  for (const route of [...routes.filter(({ name }) => name in answers), ...routes]) nameOperation(components, route);
  return components;
}

function nameOperation(components: ComponentSchemas, { name, body, answers: { schema } }: Route): void {
  const capital = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  if (body !== undefined) components.name(`${capital}Request`, schemaOf(body, 'input'));
  if (schema === undefined) return;
  const answer = answers[name] ?? (name.startsWith('list') ? `${name.slice(4)}Page` : `${capital}Answer`);
  const current = schemaOf(schema, 'output');
  components.name(answer, current);
  for (const { number, downgradeSchema } of versions) {
    const older = downgradeSchema(name, current) as Json;
    if (JSON.stringify(older) !== JSON.stringify(current)) components.name(`${answer}V${number}`, older);
  }
}

function alternativesOf(schema: Json): (readonly [string, Json])[] {
  const parts = (schema['oneOf'] ?? schema['anyOf'] ?? []) as Json[];
  return parts.flatMap((part) => {
    const members = Object.values((part['properties'] ?? {}) as Record<string, Json>);
    const value = members.find((member) => typeof member['const'] === 'string')?.['const'];
    return typeof value === 'string' ? [[inCapitals(value), part] as const] : [];
  });
}

function appliesToOf(control: Json): Json {
  const [first = {}] = (control['oneOf'] ?? []) as Json[];
  return (first['properties'] as Record<string, Json>)['applies_to'] ?? {};
}

function inCapitals(words: string): string {
  return words.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase());
}
