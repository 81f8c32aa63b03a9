// GET /categories: every merchant category with its name, and the words that mean it in a control.

import * as z from 'zod';
import { categoryGroups } from '../../../contracts/categories/groups.ts';
import { categoriesListing } from '../../../contracts/categories/resolve.ts';
import { costs } from '../http/cost.ts';
import { type Route, route } from '../http/route.ts';

// Of the code alone, so it is put together once.
let listing: object | null = null;

const list = route({
  method: 'get',
  path: '/categories',
  name: 'listCategories',
  cost: costs.fullPage,
  summary: 'Merchant categories, and the words that mean them in a control',
  tag: 'controls',
  scope: 'controls:read',
  forMerchants: false,
  answers: {
    status: 200,
    schema: z.strictObject({
      categories: z.array(
        z.strictObject({
          code: z.string(),
          name: z.string(),
          groups: z.array(z.string()),
          stripe_words: z.array(z.string()),
        }),
      ),
      groups: z.array(z.strictObject({ group: z.string(), codes: z.array(z.string()) })),
    }),
    description: 'All of them.',
  },
  errors: [],
  handle() {
    listing ??= {
      categories: categoriesListing().map(({ stripeWords, ...category }) => ({
        ...category,
        stripe_words: stripeWords,
      })),
      groups: Object.entries(categoryGroups).map(([group, codes]) => ({ group, codes })),
    };
    return Promise.resolve({ body: listing });
  },
});

export const categoryRoutes: readonly Route[] = [list];
