// An authorization as the API shows it.

import type { InferSelectModel } from 'drizzle-orm';
import type { authorizations } from '../db/schema.ts';

export function authorizationView(row: InferSelectModel<typeof authorizations>, card_id: string | null) {
  const { stream_id: _stream, ledger_account_no: _account, ...shown } = row;
  return { ...shown, card_id };
}
