// The native network: the same life of an authorization in our own JSON, signed by Standard Webhooks, for whoever has no
// adapter. A decline is HTTP 200 with its reason. The contract is ours, so unknown fields of a request are refused; of a message,
// which states a fact, they are passed over, and what cannot be booked is kept for a person.

import { secretsIn } from '../../../contracts/secret-strength.ts';
import { textIn } from '../../body.ts';
import { requireSignature } from '../../credentials.ts';
import { several } from '../../setting-shapes.ts';
import { cardNetwork } from '../network.ts';
import { nativeFacts } from './facts.ts';
import { nativeDeadlinesMs, parseRequest, parseVoid } from './requests.ts';

export const native = cardNetwork({
  name: 'native',
  deadlineMs: nativeDeadlinesMs.usual,
  policies: ['decline', 'stand_in'],
  settings: {
    /** The newest first, older ones while they are rotated out. */
    NATIVE_SECRETS: several(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/, 'must be whsec_ and at least 24 bytes in base64'),
  },
  credentials: ({ NATIVE_SECRETS }) => ({
    secrets: secretsIn(NATIVE_SECRETS).map((secret) => ({ name: 'NATIVE_SECRETS', secret })),
    logins: [],
    problems: [],
  }),
  door: ({ NATIVE_SECRETS }) => ({
    async textOf(headers, bytes) {
      const text = textIn(bytes);
      await requireSignature(headers, text, secretsIn(NATIVE_SECRETS));
      return text;
    },
  }),
  requests: { path: 'authorizations', parse: parseRequest },
  facts: nativeFacts,
  voids: {
    path: 'voids',
    parse: parseVoid,
    render: (request_key, outcome) => Response.json({ request_key, outcome }),
  },
});
