// Names of merchant categories (ISO 18245). For people at the origin: no rule reads them, and the edge does not carry them.
// A code without a name is no error: networks assign new ones before lists have them.
//
// names.json: all rows of the list of the public repository greggles/mcc-codes (public domain), its wording.
// names-amended.json: codes assigned since, and names which that list has wrong or which have changed; after the lists of
// ISO, Visa and Mastercard that the package iso18245 1.4.1 carries, 5723 after Visa's Merchant Data Standards Manual of 2024.

import listed from './names.json' with { type: 'json' };
import amended from './names-amended.json' with { type: 'json' };

/** By code, in the codes' order, which the files' objects cannot keep: they put '0742' behind '9950'. */
export const categoryNames: ReadonlyMap<string, string> = new Map(
  Object.entries({ ...listed, ...amended }).sort(([one], [other]) => (one < other ? -1 : 1)),
);

/** Null for what is no code, and for a code that the lists do not have. */
export function categoryName(code: string): string | null {
  return categoryNames.get(code) ?? null;
}
