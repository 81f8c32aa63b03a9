// What a simulated provider can do wrong, as one record that start options and the admin route both fill, and how a fault is
// drawn: from a script where one is given, else by the rates.

import * as z from 'zod';
import type { Random } from '../seeded-random.ts';

/**
 * For one submission. `before`: nothing was taken; `after`: it was taken, and the caller does not learn it.
 * `forgotten`: it says that it has it, and never heard of it when asked. It is not paid.
 */
export const submissionFaults = [
  'none',
  'too_many',
  'error_before',
  'error_after',
  'reset_before',
  'reset_after',
  'hang_before',
  'hang_after',
  'rejected',
  'forgotten',
] as const;
export type SubmissionFault = (typeof submissionFaults)[number];

/** For one inquiry: none of them changes what the books say. */
export const inquiryFaults = ['none', 'too_many', 'error', 'reset', 'hang'] as const;
export type InquiryFault = (typeof inquiryFaults)[number];

const rate = z.number().min(0).max(1).default(0);
/** Below the largest delay that a timer takes. */
const wait = z.number().int().min(0).max(86_400_000);

export const faultsSchema = z.strictObject({
  /** How long an answer takes: anywhere between the two. */
  latency_ms_min: wait.default(50),
  latency_ms_max: wait.default(50),
  too_many_rate: rate,
  error_before_rate: rate,
  error_after_rate: rate,
  reset_before_rate: rate,
  reset_after_rate: rate,
  hang_before_rate: rate,
  hang_after_rate: rate,
  rejected_rate: rate,
  forgotten_rate: rate,
  inquiry_too_many_rate: rate,
  inquiry_error_rate: rate,
  inquiry_reset_rate: rate,
  inquiry_hang_rate: rate,
  /** Whether a submission is answered with `paid`, or with `accepted` and a confirmation later. */
  answers: z.enum(['paid', 'accepted']).default('accepted'),
  /** From taken to paid, where it answers `accepted`. */
  confirm_after_ms: wait.default(50),
  /** Of the accepted ones: rejected in the end. */
  rejected_later_rate: rate,
  confirmation_duplicated_rate: rate,
  /** Paid in time, and told late. */
  confirmation_late_rate: rate,
  confirmation_late_ms: wait.default(10_000),
  /** Paid, and never told: it has to be asked. */
  confirmation_lost_rate: rate,
  /** Connections are refused, and those that were open are cut. */
  down: z.boolean().default(false),
  /** Faults of the next submissions and inquiries, in order; used up before the rates count. */
  submissions: z.array(z.enum(submissionFaults)).max(10_000).default([]),
  inquiries: z.array(z.enum(inquiryFaults)).max(10_000).default([]),
});
export type Faults = z.output<typeof faultsSchema>;
export type FaultsInput = z.input<typeof faultsSchema>;

export function drawSubmissionFault(faults: Faults, random: Random): SubmissionFault {
  return (
    faults.submissions.shift() ??
    drawByRate(random, [
      ['too_many', faults.too_many_rate],
      ['error_before', faults.error_before_rate],
      ['error_after', faults.error_after_rate],
      ['reset_before', faults.reset_before_rate],
      ['reset_after', faults.reset_after_rate],
      ['hang_before', faults.hang_before_rate],
      ['hang_after', faults.hang_after_rate],
      ['rejected', faults.rejected_rate],
      ['forgotten', faults.forgotten_rate],
    ])
  );
}

export function drawInquiryFault(faults: Faults, random: Random): InquiryFault {
  return (
    faults.inquiries.shift() ??
    drawByRate(random, [
      ['too_many', faults.inquiry_too_many_rate],
      ['error', faults.inquiry_error_rate],
      ['reset', faults.inquiry_reset_rate],
      ['hang', faults.inquiry_hang_rate],
    ])
  );
}

/** One draw decides: the rates are shares of all, and what they leave is without a fault. */
function drawByRate<Name extends string>(random: Random, rates: readonly (readonly [Name, number])[]): Name | 'none' {
  let drawn = random();
  for (const [name, share] of rates) {
    if (drawn < share) return name;
    drawn -= share;
  }
  return 'none';
}
