// The law of texts by the wire: whatever a network writes, what is kept of a shop can be kept, shown and searched by anyone. No
// text has half a character (Postgres and UTF-8 refuse it), a control character (NUL stops a statement, a line break forges a log
// line), more than 120 characters, or a card's number.

import type { CardEvent } from '../../contracts/card-event.ts';
import { Violation } from './laws.ts';
import { cardNumber } from './odd-shops.ts';

const lengthMax = 120;

export function holdTexts(event: CardEvent): void {
  const told = event.kind === 'authorization' ? event.request : event.kind === 'message' ? event.message : {};
  const shop = 'merchant' in told ? told.merchant : null;
  for (const text of Object.values(shop ?? {})) {
    const wrong = text === null ? null : whatIsWrong(text);
    if (wrong === null) continue;
    throw new Violation('text_is_fit', `event ${event.sequence} keeps ${wrong}: ${JSON.stringify(shop)}`);
  }
}

function whatIsWrong(text: string): string | null {
  let length = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return 'a control character';
    if (code >= 0xd800 && code < 0xe000) return 'half a character';
    length++;
  }
  if (length > lengthMax) return `${length} characters`;
  return text.includes(cardNumber) ? "a card's number" : null;
}
