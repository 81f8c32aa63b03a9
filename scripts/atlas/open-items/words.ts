// The words of `atlas open-items`: a command, its filters, and an action's input as fields.

import { parseArgs } from 'node:util';
import type { OpenItemGroup, OpenItemQuery } from '../../../sdk/index.ts';
import { commonOptions } from '../command.ts';

export const help = `atlas open-items                                       what needs a person, the newest first
atlas open-items counts                                how many of each kind, and how old the oldest is
atlas open-items show <id>                             one of them: evidence, actions and their input, history
atlas open-items act <id> <action> --reason TEXT       do it, and close the item
atlas open-items act-all <action> --kind KIND --reason TEXT    the same for all open ones of a kind

  --kind KIND         of one kind; docs/open-items.md lists them
  --status STATUS     open (default), resolved, dismissed, any
  --source NAME       as card_events or settlement_requests
  --merchant ID  --settlement ID  --authorization ID  --card ID  --provider NAME
  --older-than HOURS  raised longer ago
  --order ORDER       newest (default) or oldest
  --limit N           at most so many (default 50)
  --reason TEXT       why: goes to the audit trail
  --set FIELD=VALUE   one field of the action's input, as --set rate=1.0945; again for each

Needs open_items:read, and open_items:write to act. Looking is well whatever there is; act-all is not where some were refused.`;

export type Words =
  | { readonly command: 'list'; readonly query: OpenItemQuery; readonly limit: number }
  | { readonly command: 'counts' }
  | { readonly command: 'show'; readonly id: string }
  | {
      readonly command: 'act';
      readonly id: string;
      readonly action: string;
      readonly reason: string;
      readonly fields: Fields;
    }
  | {
      readonly command: 'act-all';
      readonly action: string;
      readonly query: OpenItemGroup & { readonly kind: string };
      readonly reason: string;
      readonly fields: Fields;
    };

/** As they were written; the action's schema says what they are. */
export type Fields = Readonly<Record<string, string>>;

const options = {
  ...commonOptions,
  kind: { type: 'string' },
  status: { type: 'string' },
  source: { type: 'string' },
  merchant: { type: 'string' },
  settlement: { type: 'string' },
  authorization: { type: 'string' },
  card: { type: 'string' },
  provider: { type: 'string' },
  'older-than': { type: 'string' },
  order: { type: 'string' },
  limit: { type: 'string' },
  reason: { type: 'string' },
  set: { type: 'string', multiple: true, default: [] as string[] },
} as const;

type Values = ReturnType<typeof parsed>['values'];

function parsed(args: readonly string[]) {
  return parseArgs({ args: [...args], allowPositionals: true, options });
}

/** Throws what is wrong with the words. */
export function readWords(args: readonly string[]): Words {
  const { values, positionals } = parsed(args);
  return readCommand(positionals, values);
}

function readCommand([command = 'list', ...more]: readonly string[], values: Values): Words {
  switch (command) {
    case 'list':
      none(more);
      return {
        command,
        query: { ...groupOf(values), ...shownOf(values) },
        limit: wholeNumber('limit', values.limit ?? '50'),
      };
    case 'counts':
      none(more);
      return { command };
    case 'show': {
      const [id, ...rest] = more;
      none(rest);
      return { command, id: needed(id, 'which item: show <id>') };
    }
    case 'act': {
      const [id, action, ...rest] = more;
      none(rest);
      const said = 'which item and what: act <id> <action>';
      return { command, id: needed(id, said), action: needed(action, said), ...actingOf(values) };
    }
    case 'act-all': {
      const [action, ...rest] = more;
      none(rest);
      const kind = needed(values.kind, 'of which kind: --kind');
      const said = 'what to do: act-all <action> --kind KIND';
      // All of them: nothing that only a list has may seem to leave some out.
      for (const name of ['status', 'order', 'limit'] as const)
        if (values[name] !== undefined) throw new Error(`--${name} is for lists`);
      return { command, action: needed(action, said), query: { ...groupOf(values), kind }, ...actingOf(values) };
    }
    default:
      throw new Error(`${command} is no command; there are list, counts, show, act and act-all`);
  }
}

function groupOf(values: Values): OpenItemGroup & { readonly kind: string | undefined } {
  const { kind, source, provider } = values;
  return {
    ...{ kind, source, provider },
    ...{ merchant_id: values.merchant, settlement_id: values.settlement },
    ...{ authorization_id: values.authorization, card_id: values.card },
    older_than_hours: values['older-than'] === undefined ? undefined : wholeNumber('older-than', values['older-than']),
  };
}

function shownOf({ status, order }: Values): Pick<OpenItemQuery, 'status' | 'order'> {
  return {
    status: oneOf('status', status, ['open', 'resolved', 'dismissed', 'any'] as const),
    order: oneOf('order', order, ['newest', 'oldest'] as const),
  };
}

function actingOf({ reason, set }: Values): { reason: string; fields: Fields } {
  const fields = set.map((word) => {
    const [, name, value] = /^([a-z_]+)=(.*)$/s.exec(word) ?? [];
    if (name === undefined || value === undefined) throw new Error(`--set ${word} is not like rate=1.0945`);
    return [name, value] as const;
  });
  return { reason: needed(reason, 'why: --reason'), fields: Object.fromEntries(fields) };
}

function needed(word: string | undefined, said: string): string {
  if (word === undefined || word === '') throw new Error(`say ${said}`);
  return word;
}

function none([extra]: readonly string[]): void {
  if (extra !== undefined) throw new Error(`${extra} is one word too many`);
}

function wholeNumber(name: string, text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new Error(`--${name} ${text} is not a whole number above 0`);
  return Number(text);
}

function oneOf<T extends string>(name: string, word: string | undefined, known: readonly T[]): T | undefined {
  if (word === undefined) return undefined;
  const found = known.find((one) => one === word);
  if (found === undefined) throw new Error(`--${name} ${word} is none of ${known.join(', ')}`);
  return found;
}
