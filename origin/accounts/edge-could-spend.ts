// How much of an account's money cards could spend at the edge without asking: what must come back from there before it is withdrawn.
// Cards hold no shares of an account yet: a card has funds of its own (`funds_minor`) or its network's, whatever its account has. So it is
// nothing, of every account. With shares this asks the account's object, before the withdrawal's transaction and not in it (db/held.ts).

export function edgeCouldSpend(_accountId: string): bigint {
  return 0n;
}
