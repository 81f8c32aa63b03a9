// Controls as people write them: categories may be words (`groceries`, Stripe's `taxicabs_limousines`) beside codes and
// ranges. Cards get codes and ranges alone; what was written is kept beside them, for people.

import { resolveCategory } from '../../contracts/categories/resolve.ts';
import { type Control, controlsSchema } from '../../contracts/control.ts';
import { limits } from '../../contracts/limits.ts';
import type { FieldProblem, Refusal } from '../../contracts/problem.ts';
import { neverMatching } from '../../core/card/never-matches.ts';
import { daysIn } from '../../core/windows/windows.ts';
import { refusal } from '../errors.ts';
import { inShape } from '../in-shape.ts';

type AppliesTo = Control['applies_to'];

/** A control with its defaults, and its categories in the words of its writer. */
export type WrittenControl = Control;

export interface ReadControls {
  readonly written: readonly WrittenControl[];
  /** The same controls in the same order, as cards get them. */
  readonly resolved: readonly Control[];
}

/**
 * `at`: where the controls stand in the request. `nowMs`: null where they are asked of the past, and dates that are over are
 * fine. Refuses with the path of each field that is out of contract.
 */
export function readControls(given: unknown, { at, nowMs }: { at: string; nowMs: number | null }): ReadControls {
  const problems: FieldProblem[] = [];
  // Lengths first: what is refused for its length anyway costs nothing else.
  if (Array.isArray(given) && given.length > limits.controlsMax) throw tooMany(at, limits.controlsMax);
  const resolvedWords = Array.isArray(given)
    ? given.map((control, index) => withCodes(control, `${at}[${index}]`, problems))
    : given;
  if (problems.length > 0) throw refusal('field_invalid', problems);
  const resolved = inShape(controlsSchema, resolvedWords, at);
  for (const [index, { applies_to }] of resolved.entries()) {
    const within = `${at}[${index}].applies_to`;
    for (const { field, problem } of neverMatching(applies_to)) problems.push({ field: `${within}.${field}`, problem });
    if (nowMs !== null) problems.push(...inThePast(applies_to, within, nowMs));
  }
  if (problems.length > 0) throw refusal('field_invalid', problems);
  return { written: resolved.map((control, index) => withWords(control, (given as unknown[])[index])), resolved };
}

function withCodes(control: unknown, at: string, problems: FieldProblem[]): unknown {
  if (!isRecord(control) || !isRecord(control['applies_to'])) return control;
  const { applies_to } = control;
  const { category } = applies_to;
  if (!isRecord(category)) return control;
  const resolved = { ...category };
  for (const list of ['any_of', 'none_of'] as const) {
    const words = category[list];
    if (Array.isArray(words)) resolved[list] = codesOf(words, `${at}.applies_to.category.${list}`, problems);
  }
  return { ...control, applies_to: { ...applies_to, category: resolved } };
}

function tooMany(field: string, max: number): Refusal {
  return refusal('field_invalid', [{ field, problem: `has more than ${max} items` }]);
}

function codesOf(words: readonly unknown[], at: string, problems: FieldProblem[]): string[] {
  const codes = new Set<string>();
  if (words.length > limits.controlValuesMax) throw tooMany(at, limits.controlValuesMax);
  for (const [index, word] of words.entries()) {
    // As many as an answer names.
    if (problems.length >= limits.detailsMax) break;
    const field = `${at}[${index}]`;
    if (typeof word !== 'string') {
      problems.push({ field, problem: 'must be a text: a category code, a range, a group or a Stripe category' });
      continue;
    }
    // A word that was meant is looked for once: the others have the same mistake, or are as many as there are.
    const found = resolveCategory(word, { suggest: problems.length === 0 });
    if ('codes' in found) for (const code of found.codes) codes.add(code);
    else problems.push({ field, problem: `is not known: ${found.problem}` });
  }
  return [...codes];
}

/** The control as its contract has it, with the categories as they were written. Trusts that the two belong together. */
function withWords(control: Control, given: unknown): WrittenControl {
  const { category } = control.applies_to;
  if (category === undefined) return control;
  const written = given as { applies_to: { category: NonNullable<AppliesTo['category']> } };
  return { ...control, applies_to: { ...control.applies_to, category: written.applies_to.category } };
}

function inThePast({ date, time_zone = 'UTC' }: AppliesTo, at: string, nowMs: number): FieldProblem[] {
  const today = daysIn(time_zone)(nowMs).date;
  if (date?.any_of?.every(({ until = today }) => until < today) !== true) return [];
  return [{ field: `${at}.date.any_of`, problem: 'is in the past, so the control can never match' }];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
