// The kinds of open items: what each means, in one sentence that the API and the command line show. A new kind is a line here,
// and, where it has actions of its own, a file in `actions/`.

export const openItemKinds = {
  dead_letter: 'A queue message that could not be read or taken.',
  fact_out_of_contract: 'A message of a network that its contract does not allow; nothing of it is booked yet.',
  fact_held_back:
    'A message about money that is beyond the largest amount or older than its card remembers; nothing of it is booked yet.',
  facts_kept_together:
    'Messages of a network of cards that nobody knows, or more than a hundred an hour that could not be booked: kept whole, with count and sums, one item a network, kind of message and hour; nothing of them is booked yet.',
  releases_of_unknown_cards:
    'Reversals and expiries of cards that nobody knows, more of them than pass: they move nothing, and are counted, one item a network and hour.',
  key_reused: 'A message under the key of an earlier one, with other content; only the earlier one is booked.',
  money_told_again:
    'A clearing or refund under a key that was booked before its card forgot it; it is not booked again, and the card counts it.',
  currency_mismatch:
    "Money in another currency than the card's: it moved nothing, and its hold stays; or it came before the profile. What only gives back, and amounts of 0, are one item a card, kind and day, with how often.",
  events_kept_together:
    'Booked messages that would be items of their own (`currency_mismatch`, `refund_above_cleared` or `money_told_again`), beyond twenty of a kind on a card and day, or two hundred on a network and day: each kept whole, with count and sums.',
  refund_above_cleared: 'More was refunded than the authorization had cleared; it is booked.',
  card_behind_ledger: 'A card whose own log ends before what the ledger has booked of it.',
  card_events_lost: 'Events of a card that never came, and that its own log has no longer; those after them wait.',
  card_of_newer_release:
    'A card that a newer release of the edge has written: the one that runs cannot read it, and decides nothing for it.',
  event_of_newer_release:
    'An event of a card that a newer release has written and this one cannot read: it and what came after it wait, the other cards go on.',
  profile_conflict:
    'A card for which the edge decides by a profile that was never written here, as after a restore of the database; neither replaces the other by itself.',
  database_set_back:
    'The database was set back to an earlier instant: no payout is begun until a person knows what was paid since.',
  profile_not_taken: "A card's newest profile that the edge does not take; the card works by an older one.",
  clearing_unassigned:
    'A clearing at a shop that no merchant of ours is known for; nobody is owed it yet. Beyond a hundred such shops all are one item a network and day, with count and sums.',
  clearing_withheld:
    'Clearings at a merchant’s shop that no card approved, beyond what passes by itself: booked, and not owed to the shop.',
  refund_withheld:
    'Refunds at a merchant’s shop of what no purchase had cleared, beyond what passes by itself: booked, and the shop is not charged with them.',
  accrual_failed: 'A clearing that could not be added to what its merchant is owed.',
  settlement_set_aside: 'A settlement that used up its tries; it was not paid, and its amount stays reserved.',
  settlement_refused:
    'A settlement, or what came of it, that the database refuses to store; it is tried again every minute.',
  settlement_overdue: 'A settlement of which its provider does not say what became of it; it is asked about on and on.',
  run_set_aside: 'A scheduled run that could not be made; what it would have settled stays owed.',
  provider_word_refused: 'A message of a provider that the database refuses to take; it is tried again every minute.',
  provider_word_unread: 'A message that a provider has signed, and that is not JSON or names no payment of ours.',
  provider_contradiction: 'A provider says of a settlement what cannot follow from what it said before.',
  return_short: 'Less came back of a payout than was paid, and the rest is not explained.',
  provider_not_configured: 'Payments under way at a provider that the configuration no longer names.',
  booked_twice: 'A bank booked one payment of ours twice.',
  bank_entry_unmatched: 'A bank entry that names a payment of ours and agrees with none.',
  bank_file_set_aside: 'A bank file that could not be read.',
} as const satisfies Record<string, string>;

export type OpenItemKind = keyof typeof openItemKinds;
