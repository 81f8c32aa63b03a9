// dismiss: a person has looked, and nothing is to be done. The item stays, with who and why.

import * as z from 'zod';
import { transactionAction } from '../action.ts';
import { type OpenItemKind, openItemKinds } from '../kinds.ts';

export const dismiss = transactionAction({
  name: 'dismiss',
  summary: 'Close it without doing anything: it was looked at, and nothing is to be done.',
  kinds: Object.keys(openItemKinds) as OpenItemKind[],
  input: z.strictObject({}),
  dismisses: true,
  perform: () => Promise.resolve({ outcome: 'done', result: {} }),
});
