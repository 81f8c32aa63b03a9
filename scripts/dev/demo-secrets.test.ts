// The demo's credentials stand in the repository for everybody to read: each must be known as published, so that production refuses it.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isPublished } from '../../contracts/secret-strength.ts';
import { edgeVars } from '../../load/edge-cards.ts';
import { demo } from './demo.ts';

const sha256Hex = (text: string) => createHash('sha256').update(text).digest('hex');

test('X10: every secret of the demo, of .dev.vars and of the load tests is known as published', () => {
  const vars = readFileSync(new URL('../../.dev.vars', import.meta.url), 'utf8');
  const local = [...vars.matchAll(/^\w+="(.+)"$/gm)].map(([, value]) => String(value));
  expect(local).toHaveLength(4);
  const { INTERNAL_SECRET, NATIVE_SECRETS, MARQETA_PASSWORD } = edgeVars;
  for (const secret of [...Object.values(demo), ...local, INTERNAL_SECRET, NATIVE_SECRETS, MARQETA_PASSWORD])
    expect([secret, isPublished(secret, sha256Hex)]).toEqual([secret, true]);
});
