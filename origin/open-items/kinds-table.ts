// The table of kinds and actions in docs/open-items.md, made of the same lists that the API answers from. `node
// scripts/open-items-page.ts` writes it, and a test says when it is out of date.

import { actionsOf, openItemActions } from './actions/all.ts';
import { type OpenItemKind, openItemKinds } from './kinds.ts';

const begin = '<!-- written by scripts/open-items-page.ts -->';
const end = '<!-- end -->';

/** The page with its tables written anew; everything else stays as it is. */
export function withTables(page: string): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from) throw new Error('the page has no place for its tables');
  return `${page.slice(0, from)}${begin}\n\n${tables()}\n\n${page.slice(to)}`;
}

function tables(): string {
  const kinds = (Object.keys(openItemKinds) as OpenItemKind[]).map((kind) => {
    const actions = actionsOf(kind).map(({ name }) => `\`${name}\``);
    return `| [\`${kind}\`](#${kind}) | ${cell(openItemKinds[kind])} | ${actions.join(' ')} |`;
  });
  const actions = openItemActions.map(({ name, summary, input }) => {
    const fields = Object.keys(input.shape).map((field) => `\`${field}\``);
    return `| \`${name}\` | ${cell(summary)} | ${fields.join(' ') || '–'} |`;
  });
  return [
    ...['| kind | what it means | actions |', '|---|---|---|', ...kinds, ''],
    ...['| action | what it does | input |', '|---|---|---|', ...actions],
  ].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
