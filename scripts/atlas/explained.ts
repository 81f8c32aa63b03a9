// An explanation of the API as text: why each request of an authorization was decided as it was, control by control.

import * as z from 'zod';
import { decimalTextFromMinor } from '../../contracts/money.ts';
import { table, time } from './shown.ts';

const verdictSchema = z.object({
  control_id: z.string(),
  verdict: z.enum(['pass', 'decline', 'not_applicable']),
  shadow: z.boolean(),
  says: z.string().nullable(),
  left: z.string().nullable(),
});
export const explanationSchema = z.object({
  authorization: z.object({ authorization_id: z.string(), status: z.string(), card_id: z.string().nullable() }),
  requests: z.array(
    z.object({
      at_ms: z.number(),
      request: z.object({
        kind: z.string(),
        amount_minor: z.number(),
        currency: z.string(),
        merchant: z.object({
          name: z.string().nullable(),
          category: z.string().nullable(),
          country: z.string().nullable(),
        }),
      }),
      sentence: z.string(),
      voided: z.boolean(),
      profile_version: z.number().nullable(),
      control: z
        .object({
          control_id: z.string(),
          control_set: z.object({ control_set_id: z.string(), version: z.number() }).nullable(),
        })
        .nullable(),
      shadow_would_decline: z.array(z.string()),
      trace: z.array(verdictSchema),
    }),
  ),
  remarks: z.array(z.object({ at_ms: z.number(), sentence: z.string() })),
});
type Explanation = z.infer<typeof explanationSchema>;

export function shownExplanation({ authorization, requests, remarks }: Explanation): string {
  const of = authorization.card_id === null ? 'of a card that nobody made here' : `of ${authorization.card_id}`;
  const parts = [`${authorization.authorization_id}   ${authorization.status}, ${of}`];
  if (requests.length === 0) parts.push('Nobody asked for it: the network told of it.');
  for (const request of requests) parts.push(shownRequest(request));
  if (remarks.length > 0) parts.push(remarks.map(({ at_ms, sentence }) => `${time(at_ms)}   ${sentence}`).join('\n'));
  return `${parts.join('\n\n')}\n`;
}

function shownRequest(asked: Explanation['requests'][number]): string {
  const { at_ms, request, sentence, profile_version, control, shadow_would_decline, voided, trace } = asked;
  const { merchant, kind, currency } = request;
  const where = [merchant.name, merchant.category, merchant.country].filter((word) => word !== null).join(', ');
  const amount = `${decimalTextFromMinor(request.amount_minor, currency)} ${currency}`;
  const set = control?.control_set;
  return [
    `${time(at_ms)}   ${kind.replaceAll('_', ' ')} of ${amount}${where === '' ? '' : ` at ${where}`}`,
    `  ${sentence}`,
    ...(voided ? ['  The answer was given up later.'] : []),
    ...(shadow_would_decline.length === 0
      ? []
      : [`  In shadow, and so without effect, would have declined: ${shadow_would_decline.join(', ')}.`]),
    ...(set ? [`  ${control?.control_id} comes from control set ${set.control_set_id}, version ${set.version}.`] : []),
    `  ${trace.length === 0 ? 'No controls' : 'Controls'} of profile version ${profile_version ?? 'none'}${trace.length === 0 ? '.' : ', in order:'}`,
    ...controls(trace),
  ].join('\n');
}

const words = { pass: 'passes', decline: 'declines', not_applicable: 'not concerned' } as const;

function controls(trace: readonly z.infer<typeof verdictSchema>[]): string[] {
  const rows = trace.map(({ control_id, verdict, shadow, says, left }) => [
    control_id,
    shadow && verdict === 'decline' ? 'would decline' : words[verdict],
    left ?? '',
    `${says ?? ''}${shadow ? ' [shadow]' : ''}`,
  ]);
  return table(rows).map((row) => `    ${row}`);
}
