// Stripe Issuing's words for merchant categories, so that controls written for it keep their meaning. For the origin only.
//
// The words: `AllowedCategory` of the npm package stripe 23.1.0 (Issuing/Cards), all 295, its spelling mistakes included.
// The codes: Stripe's table "Issuing merchant categories", one a word, as public copies of it have it (the package
// iso18245 1.4.1; for the seven words of 2023 the repository hackclub/yellow_pages).
// Ours, where the table is silent: a chain with a code of its own is still an airline, a hotel or a car rental; and
// `miscellaneous`, which has no code there, is every named code that no other word has.

import words from './stripe-words.json' with { type: 'json' };

/** Word → codes and ranges, ascending. */
export const stripeWords: ReadonlyMap<string, readonly string[]> = new Map(Object.entries(words));
