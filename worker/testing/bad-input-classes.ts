// What becomes of bad input, as docs/bad-input.md tells it: read by the battery, which tries it, and by the test of the page.

/** Kinds of fields. Of `other` nothing depends that money does: whatever stands there, the message is read. */
export const fieldKinds = {
  amount: 'an amount',
  currency: 'a currency',
  key: 'a key',
  link: 'a link: the key of what it belongs to',
  what: 'what it is: type, kind, method',
  state: 'its state',
  other: 'any other field',
} as const;
export type FieldKind = keyof typeof fieldKinds;

/** `read`: of which kinds the message can still be read. */
interface Class {
  readonly says: string;
  readonly read: readonly FieldKind[];
}

export const classes = {
  empty: { says: 'an empty text', read: ['link', 'state', 'other'] },
  too_long: { says: 'a text that is too long (thousands of characters)', read: ['other'] },
  control_characters: { says: 'control characters (line break, escape)', read: ['state', 'other'] },
  lone_surrogate: { says: 'half a character (a lone surrogate)', read: ['state', 'other'] },
  nul: { says: 'NUL', read: ['state', 'other'] },
  combining_marks: { says: 'combining marks', read: ['other'] },
  full_width: { says: 'full-width letters and digits', read: ['state', 'other'] },
  number_as_text: { says: 'a number as a text ("12.34")', read: ['key', 'link', 'other'] },
  text_as_number: { says: 'a number where a text is meant (742)', read: ['amount', 'other'] },
  negative_zero: { says: 'negative zero', read: ['amount', 'other'] },
  huge: { says: 'a huge number (1e308)', read: ['other'] },
  missing: { says: 'missing', read: ['link', 'state', 'other'] },
  null: { says: 'null', read: ['link', 'state', 'other'] },
  object: { says: 'an object or a list', read: ['other'] },
  duplicated: { says: 'the field twice, even with the same value', read: [] },
} as const satisfies Readonly<Record<string, Class>>;
export type ClassName = keyof typeof classes;

export function isRead(name: ClassName, kind: FieldKind): boolean {
  return (classes[name].read as readonly FieldKind[]).includes(kind);
}

/** What becomes of a message that can be read, and of one that cannot. */
export const outcomes = {
  "Marqeta's gateway": { read: 'decided', unreadable: 'refused: declined in its own words (402)' },
  "Marqeta's webhook": { read: 'booked', unreadable: 'kept as an open item (200)' },
  'native authorizations': { read: 'decided', unreadable: 'refused by the name of the field (422)' },
  'native messages': { read: 'booked', unreadable: 'kept as an open item (200, told for each)' },
  'native voids': { read: 'given up', unreadable: 'refused by the name of the field (422)' },
} as const;
