// What a card network is to the edge: one value in a folder of its own, listed in all.ts. It reads and writes the network's words and holds
// no rule; what every network has alike (the deadline's race, stand-ins, facts of a batch) is in answer-request.ts and take-facts.ts.

import * as z from 'zod/mini';
import type { Unread } from '../../contracts/attributes.ts';
import type { AuthorizationRequest, Merchant } from '../../contracts/authorization-request.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import type { Decided } from '../../contracts/decision.ts';
import type { Network } from '../../contracts/network.ts';
import type { FieldProblem, Refusal } from '../../contracts/problem.ts';
import type { NamedSecret } from '../../contracts/secret-strength.ts';

/** What a network hears when its card cannot be reached: no approval, an error upon which it stands in itself, or our own stand-in. */
export type Policy = 'decline' | 'network' | 'stand_in';

/** What a request came to. A request key that was used for another body is refused, with the name of the field. */
export type Outcome =
  | ({ readonly outcome: 'decided' } & Decided)
  /** Approved by the edge, for the whole amount: the card will be told. */
  | { readonly outcome: 'stood_in' }
  /** Given up: the network hears what its failure policy wants. */
  | { readonly outcome: 'unavailable' };

/** How calls come in, made once an isolate from the network's settings. Whoever is not the network is refused. */
export interface Door {
  /** Looked at before the body is read: whoever is refused here costs no reading. */
  admit?(headers: Headers): void;
  /** The body's text, once it is known to be from the network. */
  textOf(headers: Headers, bytes: ArrayBuffer, path: string): string | Promise<string>;
}

/** A request in our words, and how its caller hears the answer. */
export interface Asked {
  readonly cardToken: string;
  readonly request: AuthorizationRequest;
  /** Where the caller names one of its own; otherwise the network's. */
  readonly deadlineMs?: number | undefined;
  /** `policy`: for an answer that came from no card. */
  render(answer: Outcome, policy: Policy): Answer;
}

/** To be sent as JSON. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface Element {
  readonly element: unknown;
  /** As `transactions[0]`, for the names of its fields. */
  readonly at: string;
}

/** The end of a list: what is beyond the elements that are told to their cards before the answer. */
export interface Rest {
  /** As `transactions`. */
  readonly name: string;
  /** The place of the first of these elements in the list. */
  readonly from: number;
  readonly elements: readonly unknown[];
  /** Of elements that nobody here knows, which are all kept; null: they are read. */
  readonly problem: string | null;
}

export interface Batch {
  readonly elements: readonly Element[];
  /** Of kinds that nobody here knows, and a body that is no batch: kept for a person. */
  readonly unknown: readonly (Element & { readonly problem: string })[];
  readonly rest: readonly Rest[];
}

/** What one element of a batch asks of a card; `nothing`: no money moves here. */
export type Notice =
  | { readonly does: 'receive'; readonly cardToken: string; readonly message: CardMessage }
  /** Our approval did not come about. `release`: its whole hold, for one that the card did not give itself (stand-in). */
  | {
      readonly does: 'void';
      readonly cardToken: string;
      readonly requestKey: string;
      readonly release: CardMessage | null;
    }
  | { readonly does: 'nothing'; readonly type: string };

/** What became of an element; `at` where it was read. */
export type FactResult = Element &
  (
    | { readonly outcome: 'stored' | 'repeated' | 'queued' }
    /** For a person. `is_reused`: its key was used for another message, which stands. */
    | ({ readonly outcome: 'kept'; readonly is_reused: boolean } & FieldProblem)
  );

export interface Facts {
  readonly path: string;
  /** The body of a call, or one fact that was kept, from its text. */
  parse(text: string): unknown;
  batchOf(body: unknown): Batch;
  /** Throws a refusal that names the field where amount, currency or a key cannot be read. */
  noticeOf(element: unknown, at: string, unread: Unread): Notice;
  /** The shop that an element names, of which nothing else may be readable; null: none. */
  merchantIn(element: unknown): Merchant | null;
  /** What the network calls a field of our message: `transactions[0].amount` for `amount_minor`. */
  fieldOf(field: string, at: string): string;
  /** Names of fields that hold identifiers, in which numbers are not searched for card numbers. */
  readonly identifiers: ReadonlySet<string>;
  render(results: readonly FactResult[], body: unknown): Response;
}

/** A setting and what is wrong with it, without its value. */
export interface Problem {
  readonly name: string;
  readonly message: string;
}

export interface Credentials {
  readonly secrets: readonly NamedSecret[];
  /** Names that go with them: no secrets, and yet none that are published. */
  readonly logins: readonly NamedSecret[];
  readonly problems: readonly Problem[];
}

/** Where a network says by itself that nobody waits for a request any more. */
export interface Voids {
  readonly path: string;
  parse(text: string): { readonly cardToken: string; readonly requestKey: string };
  render(requestKey: string, outcome: string): Response;
}

interface Words {
  /** Of the folder, of the first part of its cards' keys, and in capitals of its settings. */
  readonly name: Network;
  /** How long it waits for an answer, less its way there and back. */
  readonly deadlineMs: number;
  readonly policies: readonly Policy[];
  readonly requests: {
    readonly path: string;
    /** An answer where nobody need be asked. */
    parse(text: string, unread: Unread): Asked | Answer;
    /** Where a setting is wrong; without it the call is refused with 503. */
    misconfigured?(text: string, refusal: Refusal): Answer;
  };
  readonly facts: Facts;
  readonly voids?: Voids;
}

interface Definition<S extends z.core.$ZodShape> extends Words {
  /** Settings that no other network has, each named with the network's name before it. */
  readonly settings: S;
  credentials(settings: z.output<z.ZodMiniObject<S>>, isDeployed: boolean): Credentials;
  door(settings: z.output<z.ZodMiniObject<S>>): Door;
}

export interface CardNetwork extends Words {
  readonly settings: object;
  /** What its settings make, or what is wrong with them. */
  open(
    environment: unknown,
    isDeployed: boolean,
  ): { readonly door: Door; readonly credentials: Credentials } | { readonly problems: readonly Problem[] };
}

/** The value that is listed in all.ts. */
export function cardNetwork<S extends z.core.$ZodShape>(definition: Definition<S>): CardNetwork {
  const { settings, credentials, door } = definition;
  const schema = z.object(settings);
  return {
    ...definition,
    open(environment, isDeployed) {
      const read = schema.safeParse(environment);
      if (!read.success) return { problems: problemsOf(read.error) };
      return { door: door(read.data), credentials: credentials(read.data, isDeployed) };
    },
  };
}

/** `prefix`: what stands before the names in the environment. */
export function problemsOf({ issues }: z.core.$ZodError, prefix = ''): Problem[] {
  return issues.map(({ path, message }) => ({ name: `${prefix}${String(path[0])}`, message }));
}
