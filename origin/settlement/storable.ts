// Text from providers, as a text column takes it: without NUL and halves of surrogate pairs, not endless, and without the spaces
// around it, so that a padded reference is the same reference.

const lengthMax = 500;

export function storable(text: string): string {
  return text.slice(0, lengthMax).replaceAll('\u0000', '').toWellFormed().trim();
}
