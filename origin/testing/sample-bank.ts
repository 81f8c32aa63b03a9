// Accounts for tests: ours, and a merchant's. Not used by the service.

import type { BankAccount } from '../providers/iso20022/bank-account.ts';

export const ourAccounts: Readonly<Record<string, BankAccount>> = {
  EUR: { name: 'Atlas GmbH', iban: 'DE89370400440532013000', bic: 'COBADEFFXXX' },
  CHF: { name: 'Atlas GmbH', iban: 'CH9300762011623852957', bic: 'UBSWCHZH80A' },
  KWD: { name: 'Atlas GmbH', iban: 'KW81CBKU0000000000001234560101', bic: 'CBKUKWKW' },
};

export const merchantAccount: BankAccount = {
  name: 'Café Müller & Söhne',
  iban: 'FR1420041010050500013M02606',
  bic: 'PSSTFRPP',
};
