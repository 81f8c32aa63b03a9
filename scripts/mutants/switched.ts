// A file with all of its mutants in it, each behind a switch: `a < b` becomes `(__m(1) ? (a <= b) : __m(2) ? (a >= b) : (a < b))`.
// One mutant at most is switched on at a time, so that an alternative holds the text as it was. Where nobody has set the switch
// (`in-tests.ts`, `in-command.ts`), all of them are off.

import { type Mutant, mutated, type Span } from './mutants-of.ts';

const header = 'globalThis.__m ??= () => false; ';

/** A mutant and the number that switches it on. */
export interface Numbered {
  readonly id: number;
  readonly mutant: Mutant;
}

/** All of one place: they share a chain of choices. */
interface Choice extends Span {
  readonly isStatement: boolean;
  readonly mutants: readonly Numbered[];
}

export function switched(text: string, mutants: readonly Numbered[]): string {
  const byPlace = Map.groupBy(mutants, ({ mutant: { place } }) => `${place.start}-${place.end}`);
  const choices = [...byPlace.values()].map((ofPlace): Choice => {
    const { place, isStatement } = ofPlace[0]?.mutant ?? { place: { start: 0, end: 0 }, isStatement: false };
    return { ...place, isStatement, mutants: ofPlace };
  });
  const outerFirst = choices.sort((one, other) => one.start - other.start || other.end - one.end);
  return header + withChoices(text, { start: 0, end: text.length }, outerFirst);
}

function withChoices(text: string, { start, end }: Span, choices: readonly Choice[]): string {
  let result = '';
  let at = start;
  for (const choice of choices) {
    if (choice.start < at) continue;
    const inner = choices.filter((one) => one !== choice && choice.start <= one.start && one.end <= choice.end);
    const original = withChoices(text, choice, inner);
    result += text.slice(at, choice.start) + chosen(text, choice, original);
    at = choice.end;
  }
  return result + text.slice(at, end);
}

function chosen(text: string, { start, end, isStatement, mutants }: Choice, original: string): string {
  const isOn = ({ id }: Numbered) => `globalThis.__m(${id})`;
  if (isStatement) return `{ if (!(${mutants.map(isOn).join(' || ')})) ${original} }`;
  const longer = (mutant: Mutant) => end - start + mutant.replacement.length - (mutant.end - mutant.start);
  const alternatives = mutants.map((one) => {
    const whole = mutated(text, one.mutant);
    return `${isOn(one)} ? (${whole.slice(start, start + longer(one.mutant))}) : `;
  });
  return `(${alternatives.join('')}(${original}))`;
}
