// Why requests were decided as they were, as the API shows it.

import * as z from 'zod';
import { authorizationRequestSchema } from '../../../contracts/authorization-request.ts';
import { decisionSchema, verdictSchema } from '../../../contracts/decision.ts';
import { idSchema } from '../../../contracts/ids.ts';
import { setOfCardSchema } from '../cards/card-view.ts';
import { writtenControl } from '../controls/written-controls.ts';
import { authorizationSchema } from './authorization-view.ts';

const { trace: _, ...decided } = decisionSchema.shape;

const explainedRequest = z.strictObject({
  sequence: z.int(),
  at_ms: z.int(),
  authorization_id: idSchema('auth'),
  request: authorizationRequestSchema,
  ...decided,
  sentence: z.string(),
  /** The control that caused it, as it was then. */
  control: z.nullable(
    z.strictObject({ control_id: z.string(), control_set: z.nullable(setOfCardSchema), definition: writtenControl }),
  ),
  shadow_would_decline: z.array(z.string()),
  trace: z.array(
    z.strictObject({
      ...verdictSchema.shape,
      shadow: z.boolean(),
      /** What the control says. */
      says: z.string().nullable(),
      /** What was left of it before this request. */
      left: z.string().nullable(),
    }),
  ),
  /** The answer was given up later, and what it held released. */
  voided: z.boolean(),
});

export const explanationSchema = z.strictObject({
  authorization: authorizationSchema,
  joined: z.array(authorizationSchema),
  requests: z.array(explainedRequest),
  remarks: z.array(z.strictObject({ sequence: z.int(), at_ms: z.int(), sentence: z.string() })),
});
