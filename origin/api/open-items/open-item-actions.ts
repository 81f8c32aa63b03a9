// Acting on open items over HTTP: on one, or on a group of a kind. Each needs a reason, which goes to the audit trail. None needs
// an Idempotency-Key: asked for again, a closed item answers with what the first time came to.

import * as z from 'zod';
import { openItemsActedSchema } from '../../../contracts/open-item.ts';
import { Refusal } from '../../../contracts/problem.ts';
import { errors, refusal } from '../../errors.ts';
import { createSteps } from '../../event-loop.ts';
import { inShape } from '../../in-shape.ts';
import { type Act, createActing } from '../../open-items/act.ts';
import type { ActionParts, OpenItemAction } from '../../open-items/action.ts';
import { actionsOf } from '../../open-items/actions/all.ts';
import type { OpenItemKind } from '../../open-items/kinds.ts';
import type { Acted } from '../../open-items/look-at.ts';
import { findOpenItem, listOpenItems } from '../../open-items/open-item.ts';
import { costs } from '../http/cost.ts';
import { cursorNumber, cursorOf, cursorSchema } from '../http/cursor.ts';
import { givenReason } from '../http/printable-text.ts';
import { doerOf, type Route, route } from '../http/route.ts';
import { openItemKindSchema, openItemSchema, openItemView } from './open-item-view.ts';
import { filterOf, olderThanHoursMax, openItemFilterFields, openItemId } from './open-items.ts';

const writes = {
  method: 'post',
  tag: 'open items',
  scope: 'open_items:write',
  forMerchants: false,
  commitsItself: true,
} as const;
const actionName = z.string().regex(/^[a-z_]{2,40}$/);
/** What the action needs beside the reason: `actions[].input_schema` of the item says it. */
const input = z.record(z.string(), z.unknown()).default({});

function actOnOne(act: Act): Route {
  return route({
    ...writes,
    path: '/open-items/{open_item_id}/actions/{action}',
    name: 'actOnOpenItem',
    cost: costs.changeOutside,
    summary: 'Do what a kind of open item allows, and close it',
    description:
      'Which actions there are, and what each needs as `input`, is in the item. The same again on an item that it has closed is ' +
      'answered with the first answer.',
    params: openItemId.extend({ action: actionName }),
    body: z.strictObject({ reason: givenReason, input }),
    answers: { status: 200, schema: openItemSchema, description: 'Closed; `result` says what came of it.' },
    errors: [
      ...(['open_item_not_found', 'open_item_action_not_found', 'open_item_closed', 'open_item_under_way'] as const),
      ...(['open_item_action_refused', 'open_item_action_unavailable'] as const),
    ],
    async handle({ params: { open_item_id, action: name }, body: { reason, input: given }, sql, ...call }) {
      const item = await findOpenItem(sql, open_item_id);
      if (item === null) throw refusal('open_item_not_found');
      const action = actionIn(item.kind, name);
      const read = inShape(action.input, given, 'input') as object;
      const acted = await act({ open_item_id, action, input: read, reason }, doerOf(call));
      if (acted.outcome !== 'closed') throw refusalOf(acted, action);
      return { body: openItemView(acted.item) };
    },
  });
}

const actedOnAtOnceMax = 200;
/** After so many in a row that could not be done now, whatever they need is away: the rest would only wait for it too. */
const notNowInARowMax = 3;

function actOnMany(act: Act): Route {
  return route({
    ...writes,
    path: '/open-items/actions/{action}',
    name: 'actOnOpenItems',
    cost: { outside: 100, rows: 10_000, cpuMs: 'grows' },
    summary: 'Do the same with a group of one kind, the oldest first',
    params: z.strictObject({ action: actionName }),
    body: z.strictObject({
      kind: openItemKindSchema,
      ...openItemFilterFields,
      older_than_hours: z.int().min(1).max(olderThanHoursMax).optional(),
      reason: givenReason,
      input,
      /** `next_cursor` of the call before. */
      cursor: cursorSchema(z.tuple([cursorNumber])),
    }),
    answers: {
      status: 200,
      schema: openItemsActedSchema,
      description:
        'How many came to what: `refused` and `not_now` stay open, `skipped` are in somebody else’s hands. `next_cursor` not null: ' +
        'there may be more; ask again with it.',
    },
    errors: ['open_item_action_not_found', 'card_not_found'],
    async handle({ params, body: { reason, input: given, cursor, ...asked }, sql, ...call }) {
      const action = actionIn(asked.kind, params.action);
      const read = inShape(action.input, given, 'input') as object;
      const after = cursor === undefined ? null : Number(cursor[0]);
      const filter = { ...(await filterOf(sql, asked)), status: 'open' } as const;
      const items = await listOpenItems(sql, filter, { order: 'oldest', after, limit: actedOnAtOnceMax });
      const counts = { closed: 0, refused: 0, not_now: 0, skipped: 0 };
      let last = after;
      let notNowInARow = 0;
      const pauseWhereDue = createSteps();
      for (const { open_item_id, open_item_no } of items) {
        const pause = pauseWhereDue();
        if (pause !== null) await pause;
        const { outcome } = await act({ open_item_id, action, input: read, reason }, doerOf(call));
        counts[outcome === 'closed' || outcome === 'refused' || outcome === 'not_now' ? outcome : 'skipped'] += 1;
        last = open_item_no;
        notNowInARow = outcome === 'not_now' ? notNowInARow + 1 : 0;
        if (notNowInARow === notNowInARowMax) break;
      }
      const isLast = items.length < actedOnAtOnceMax && last === (items.at(-1)?.open_item_no ?? last);
      return { body: { ...counts, next_cursor: isLast || last === null ? null : cursorOf(last) } };
    },
  });
}

function actionIn(kind: OpenItemKind, name: string): OpenItemAction {
  const actions = actionsOf(kind);
  const found = actions.find((action) => action.name === name);
  if (found !== undefined) return found;
  const { status, says } = errors.open_item_action_not_found;
  const known = actions.map((action) => action.name).join(', ');
  throw new Refusal(status, 'open_item_action_not_found', `${says} ${kind} has: ${known}.`);
}

function refusalOf(acted: Exclude<Acted, { outcome: 'closed' }>, { name, effect }: OpenItemAction): Refusal {
  switch (acted.outcome) {
    case 'not_found':
      return refusal('open_item_not_found');
    case 'closed_otherwise': {
      const problem = `cannot be done: ${acted.item.resolution} closed the item, perhaps with other input`;
      return refusal('open_item_closed', [{ field: name, problem }]);
    }
    case 'other_under_way': {
      const { name: begun, input: given, actor } = acted.begun;
      const problem = `must wait: ${actor} has begun ${begun} with ${JSON.stringify(given)}, and it is finished by itself`;
      return refusal('open_item_under_way', [{ field: name, problem }]);
    }
    case 'refused':
      return refusal('open_item_action_refused', [{ field: fieldOf(acted.field, name), problem: acted.problem }]);
    case 'not_now':
      // What has its effect elsewhere stays under way (finish-begun.ts); anything else was rolled back, and is asked for anew.
      return refusal('open_item_action_unavailable', [
        {
          field: name,
          problem: effect === 'outside' ? `${acted.problem}; it is tried again by itself each minute` : acted.problem,
        },
      ]);
  }
}

/** As it stands in the request, whether the action has named it alone or with its place. */
function fieldOf(field: string | undefined, action: string): string {
  if (field === undefined) return action;
  return field.startsWith('input.') ? field : `input.${field}`;
}

export function openItemActionRoutes(parts: ActionParts): readonly Route[] {
  const act = createActing(parts);
  return [actOnMany(act), actOnOne(act)];
}
