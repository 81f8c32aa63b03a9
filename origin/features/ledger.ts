// Accounts and the books: read by the API, and what is in suspense shown. Transfers are written by whoever books.

import { accountFundingRoutes } from '../api/accounts/account-funding.ts';
import { accountStatementRoutes } from '../api/accounts/account-statement.ts';
import { accountRoutes } from '../api/accounts/accounts.ts';
import { ledgerRoutes } from '../api/accounts/ledger.ts';
import { measureSuspense } from '../ledger/suspense.ts';
import { type Feature, type Ground, nothingToClose } from './feature.ts';

export function createLedger({ database, apiDatabase }: Ground): Feature {
  return {
    routes: [...accountRoutes, ...accountFundingRoutes, ...accountStatementRoutes, ...ledgerRoutes(apiDatabase)],
    loops: [],
    gauges: [(shown) => measureSuspense(shown, database.sql)],
    close: nothingToClose,
  };
}
