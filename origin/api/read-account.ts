// GET /accounts/:account_id: the account with its money.

import type { Context } from 'hono';
import type { Database } from '../db/client.ts';
import { readAccountView } from './account-view.ts';
import { answer } from './answer.ts';
import { pathId } from './read-request.ts';

export function readAccount({ orm }: Database) {
  return async (context: Context): Promise<Response> =>
    answer(context, await readAccountView(orm, pathId(context, 'acct', 'account_id', 'account_not_found')));
}
