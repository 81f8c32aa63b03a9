// Damage to a bank's file, for tests: what converters, editors and transports do to one. Each is drawn, and applied to the text.

import fc from 'fast-check';

export interface Damage {
  readonly what:
    | 'rename'
    | 'drop'
    | 'double'
    | 'move'
    | 'text'
    | 'cut'
    | 'character'
    | 'comment'
    | 'cdata'
    | 'namespace';
  /** Where: modulo what there is. */
  readonly at: number;
  readonly to: number;
  readonly text: string;
}

export const damages = fc.array(
  fc.record<Damage>({
    what: fc.constantFrom(
      'rename',
      'drop',
      'double',
      'move',
      'text',
      'cut',
      'character',
      'comment',
      'cdata',
      'namespace',
    ),
    at: fc.nat(),
    to: fc.nat(),
    text: fc.constantFrom(
      '',
      'X',
      'BOOK',
      'PDNX',
      'CRDT',
      'DBIT',
      'RJCT',
      '123.45',
      '1e9',
      '-1',
      '&',
      '<',
      '\u0000',
      'ü',
      '\ud83d',
      'Amt',
      'TxDtls',
      'Refs',
    ),
  }),
  { maxLength: 4 },
);

export function damaged(text: string, all: readonly Damage[]): string {
  return all.reduce(apply, text);
}

function apply(text: string, damage: Damage): string {
  const { what, at, to, text: given } = damage;
  if (what === 'cut') return text.slice(0, to % (text.length + 1));
  if (what === 'character') {
    const place = at % (text.length + 1);
    return `${text.slice(0, place)}${given}${text.slice(place + 1)}`;
  }
  const elements = [...text.matchAll(/<([A-Z]\w*)[^>]*>/g)];
  const one = elements[at % Math.max(1, elements.length)];
  return one === undefined ? text : toElement(text, one, { what, to, given });
}

interface ToElement {
  readonly what: Exclude<Damage['what'], 'cut' | 'character'>;
  readonly to: number;
  readonly given: string;
}

function toElement(text: string, one: RegExpExecArray, { what, to, given }: ToElement): string {
  const [start, tag = ''] = one;
  const name = /^[A-Z]/.test(given) ? given : 'Xyz';
  const close = text.indexOf(`</${tag}>`, one.index);
  const end = close === -1 ? one.index + start.length : close + tag.length + 3;
  const whole = text.slice(one.index, end);
  const inner = close === -1 ? '' : text.slice(one.index + start.length, close);
  const replaced = (by: string) => `${text.slice(0, one.index)}${by}${text.slice(end)}`;
  switch (what) {
    case 'rename':
      return replaced(`<${name}${start.slice(tag.length + 1)}${inner}</${name}>`);
    case 'drop':
      return replaced('');
    case 'double':
      return replaced(whole + whole);
    case 'move': {
      const rest = replaced('');
      const place = [...rest.matchAll(/<\/?[A-Z]\w*[^>]*>/g)];
      const target = place[to % Math.max(1, place.length)]?.index ?? rest.length;
      return `${rest.slice(0, target)}${whole}${rest.slice(target)}`;
    }
    case 'text':
      return inner.includes('<') ? text : replaced(`${start}${given}</${tag}>`);
    case 'comment':
      return replaced(`<!-- ${name} -->${whole}<?bank ${name}?>`);
    case 'cdata':
      return inner.includes('<') || close === -1 ? text : replaced(`${start}<![CDATA[${inner}]]></${tag}>`);
    case 'namespace':
      return text.replace(/xmlns="[^"]*"/, `xmlns="urn:bank:${name}"`);
  }
}
