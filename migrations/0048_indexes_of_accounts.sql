-- compatible-from: 36
-- online
-- Accounts are listed by company and by the account above them.
create index concurrently if not exists accounts_by_company on accounts (company_id, account_id) where company_id is not null;
create index concurrently if not exists accounts_by_parent on accounts (parent_account_id, account_id) where parent_account_id is not null;
