// A card number whose groups are spread over an address: `https://4111.example/1111/x?a=1111&b=1111`. What stands between them there are
// labels of a host, names of paths and of parameters, so letters do not end it, as they do in a text.

import { isCardInGroups } from './pieces.ts';

const eachAddress = /:\/\/[^\s"'<>]+/g;

export function isCardInAddress(text: string): boolean {
  return text.includes('://') && (text.match(eachAddress) ?? []).some(isSpread);
}

/** With every digit of such addresses masked. */
export function maskInAddress(text: string): string {
  if (!text.includes('://')) return text;
  return text.replace(eachAddress, (address) => (isSpread(address) ? address.replace(/\p{N}/gu, '*') : address));
}

/** Escaped once more at each proxy: four times are more than anybody reads back. */
const timesEscaped = 4;

function isSpread(address: string): boolean {
  let plain = address;
  for (let time = 0; time < timesEscaped && plain.includes('%'); time++)
    plain = plain.replace(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  const groups = plain.match(/\p{N}+/gu) ?? [];
  return groups.length > 1 && isCardInGroups(groups, '/');
}
