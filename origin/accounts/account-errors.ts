// Errors of accounts and their money, as `origin/errors.ts` has all others.

export const accountErrors = {
  account_not_found: { status: 404, says: 'There is no account with this id.', remedy: 'Compare the id.' },
  account_has_parent: {
    status: 422,
    says: 'The account spends the money of the account at the top of its tree.',
    remedy: 'Deposit to, and withdraw from, the account at the top: follow `parent_account_id`.',
  },
  account_has_no_parent: {
    status: 422,
    says: 'The account has funds of its own, and goes under no other account.',
    remedy: 'Make a new account under the parent, and give its cards to it.',
  },
  account_of_another_company: {
    status: 422,
    says: 'The two accounts are not of one company.',
    remedy: 'Give a parent of the same company, or the owner of the parent.',
  },
  account_currency_differs: {
    status: 422,
    says: 'The account above has another currency.',
    remedy: 'Give a parent in the same currency.',
  },
  account_kind_differs: {
    status: 422,
    says: 'The account above holds another kind of funds.',
    remedy: 'Leave `kind` out: it is that of the parent.',
  },
  account_cycle: {
    status: 422,
    says: 'The account would stand under itself.',
    remedy: 'Give a parent that does not stand under this account.',
  },
  accounts_too_deep: {
    status: 422,
    says: 'Accounts stand at most ten deep.',
    remedy: 'Give a parent further up.',
  },
  accounts_too_many: {
    status: 422,
    says: 'An account has at most a thousand accounts below it.',
    remedy: 'Give cards that share a budget one account.',
  },
  budget_exceeds_parent: {
    status: 422,
    says: 'A budget would be larger than that of the account above it.',
    remedy: 'Give a smaller one, or let the account above have `children_may_exceed`.',
  },
  amount_not_available: {
    status: 422,
    says: 'The account has less than this amount to withdraw.',
    remedy: 'Read the account: what is held by purchases cannot be withdrawn, nor what a credit limit allows.',
  },
} as const;
