// What a deployment takes for a setting that is not set.

import { expect, test } from 'vitest';
import { notSet } from './target.ts';

test.each([
  ['https://atlas-edge-staging.<your subdomain>.workers.dev', true],
  ['postgres://…', true],
  ['', true],
  ['https://edge.example.com', false],
])('an address as a page has it is none: %j', (address, isUnset) => {
  expect(notSet({ EDGE_URL: address }, ['edgeUrl']) !== null).toBe(isUnset);
});

test("a shell's own signs in a command are no placeholder", () => {
  expect(notSet({ ORIGIN_DEPLOY: 'ssh origin bring-up <key >log # …' }, ['originDeploy'])).toBeNull();
});
