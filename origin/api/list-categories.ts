// GET /categories: every merchant category with its name, and the words that mean it in a control.

import type { Context } from 'hono';
import { categoryGroups } from '../../contracts/categories/groups.ts';
import { categoriesListing } from '../../contracts/categories/resolve.ts';
import { answer } from './answer.ts';

export function listCategories() {
  // Of the code alone, so it is put together once.
  let listing: object | null = null;
  return (context: Context): Response => {
    listing ??= {
      categories: categoriesListing().map(({ stripeWords, ...category }) => ({
        ...category,
        stripe_words: stripeWords,
      })),
      groups: Object.entries(categoryGroups).map(([group, codes]) => ({ group, codes })),
    };
    return answer(context, listing);
  };
}
