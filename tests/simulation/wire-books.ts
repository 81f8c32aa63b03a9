// The origin's plain books, folded from the events that it has received, in order: which authorizations there are, by whatever
// name the network gives them, what is held and posted of each, and which profile is in force.

import type { CardEvent } from '../../contracts/card-event.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import { limits } from '../../contracts/limits.ts';
import type { Profile } from '../../contracts/profile.ts';
import { type Approval, WireAuthorization } from './wire-authorization.ts';

const dayMs = 86_400_000;

type Of<K extends CardEvent['kind']> = Extract<CardEvent, { kind: K }>;

export class WireBooks {
  profile: Profile | null = null;
  readonly authorizations = new Set<WireAuthorization>();
  /** Limits that count alike, by what makes them so: since when one is in force without a break. */
  limitsSince = new Map<string, number>();
  /** Cleared less refunded, by currency: before its profile a card takes money in any. */
  readonly spent_minor = new Map<string, number>();
  readonly #byName = new Map<string, WireAuthorization>();
  readonly #byId = new Map<string, WireAuthorization>();

  /** The authorization that an event is about, with the event in it; null for one that is about none. */
  fold(event: CardEvent): { authorization: WireAuthorization; approval: Approval | null } | null {
    if (event.kind === 'profile') {
      this.#putProfile(event);
      return null;
    }
    // What a person has released is no purchase, and moves no money.
    if (event.kind === 'message' && event.releases !== undefined) return null;
    const authorization = this.#setAside(event) ?? this.#named(namesOf(event));
    if (authorization === null) return null;
    this.#spend(event);
    authorization.touch(event);
    const released = 'joined' in event ? (event.joined?.released_minor ?? 0) : 0;
    authorization.booked_held_minor += event.effect.hold_minor - released;
    authorization.booked_posted_minor += event.effect.posted_minor;
    this.#own(event, authorization);
    return { authorization, approval: this.#foldInto(authorization, event) };
  }

  #foldInto(authorization: WireAuthorization, event: Exclude<CardEvent, Of<'profile'>>): Approval | null {
    switch (event.kind) {
      case 'authorization':
        return this.#request(authorization, event);
      case 'message':
        this.#message(authorization, event.message, event.at_ms);
        return null;
      case 'expiry':
        authorization.end(undefined);
        return null;
      case 'void':
        if (event.stood_in_at_ms !== undefined || event.stood_in !== undefined) authorization.end(undefined);
        else authorization.giveUp(event.request_key);
        return null;
    }
  }

  #request(
    authorization: WireAuthorization,
    { request, decision, at_ms, approval: placed }: Of<'authorization'>,
  ): Approval | null {
    const { hold_minor, approved_minor: told_minor } = decision;
    authorization.hasOrder ||= request.order !== undefined;
    if (decision.outcome === 'declined' || hold_minor === 0) {
      authorization.hasEarlyRequest ||= authorization.approvals.length === 0;
      // Approved, and taken by what was heard before: it says all the same where and how the card was used, and in which window.
      if (placed !== undefined)
        authorization.emptied.push({ request, given_ms: at_ms, minor: 0, told_minor, hold_minor: 0 });
      return null;
    }
    const approval = { request, given_ms: at_ms, minor: Math.min(hold_minor, told_minor), told_minor, hold_minor };
    authorization.approve(approval);
    const days = this.profile?.hold_days ?? limits.holdDays;
    const longestMs = at_ms + limits.holdDaysMax * dayMs;
    const untilMs = Math.min(request.hold_expires_at_ms ?? at_ms + days * dayMs, longestMs);
    authorization.holds_until_ms = Math.max(authorization.holds_until_ms, untilMs);
    return approval;
  }

  #message(authorization: WireAuthorization, message: CardMessage, atMs: number): void {
    if (authorization.approvals.length === 0) authorization.hasEarlyMessage = true;
    authorization.hasOrder ||= message.order !== undefined;
    // Money in another currency than the card's is a person's to look at: what it does to the hold is not asked here.
    if (message.currency !== this.profile?.currency) {
      authorization.isDoubtful = true;
      if (this.profile !== null) return;
    }
    authorization.currencies.add(message.currency);
    switch (message.kind) {
      case 'clearing':
        authorization.clear(message.amount_minor);
        if (message.final) authorization.end(message.occurred_at_ms);
        else authorization.takePart(message.amount_minor, false);
        return;
      case 'reversal':
        if (message.amount_minor === null) authorization.end(message.occurred_at_ms);
        else authorization.takePart(message.amount_minor, true);
        return;
      case 'expiry':
        authorization.end(message.occurred_at_ms);
        return;
      case 'advice':
        authorization.hasAdvice = true;
        // One of 0 holds nothing, so nothing of it can be dropped too early: seed 18431877, heard by a clock that was days ahead, and set back since.
        if (message.hold_minor > 0) authorization.holds_until_ms = Math.max(authorization.holds_until_ms, atMs);
        authorization.end(message.occurred_at_ms);
        return;
      case 'refund':
        authorization.refunded_minor += message.amount_minor;
    }
  }

  /** Of money in another currency than the card's nothing is spent, once the profile says which that is. */
  #spend(event: CardEvent): void {
    if (event.kind !== 'message' || (this.profile !== null && event.message.currency !== this.profile.currency)) return;
    const { kind, currency } = event.message;
    if (kind !== 'clearing' && kind !== 'refund') return;
    const minor = kind === 'clearing' ? event.message.amount_minor : -event.message.amount_minor;
    this.spent_minor.set(currency, (this.spent_minor.get(currency) ?? 0) + minor);
  }

  #putProfile({ profile, at_ms }: Of<'profile'>): void {
    const before = this.limitsSince;
    this.limitsSince = new Map();
    for (const control of profile.controls) {
      if (control.does !== 'limit') continue;
      const key = limitKey(control);
      this.limitsSince.set(key, before.get(key) ?? at_ms);
    }
    this.profile = profile;
  }

  /**
   * A hold in another currency than the card's lapses under a key of ours, which no network has ever said: its id tells whose it is.
   */
  #setAside(event: CardEvent): WireAuthorization | undefined {
    if (event.kind !== 'expiry' || this.#byName.has(event.authorization_key)) return undefined;
    return this.#byId.get(event.authorization_id);
  }

  #named(names: readonly string[]): WireAuthorization | null {
    let found: WireAuthorization | null = null;
    for (const name of names) {
      const known = this.#byName.get(name);
      if (known === undefined || known === found) continue;
      if (found === null) found = known;
      else found = this.#join(found, known);
    }
    if (names.length === 0) return null;
    found ??= new WireAuthorization();
    this.authorizations.add(found);
    for (const name of names) {
      found.names.add(name);
      this.#byName.set(name, found);
    }
    return found;
  }

  /** Folded anew from the events of both, as if it had been known from the first that they are one. */
  #join(one: WireAuthorization, other: WireAuthorization): WireAuthorization {
    const both = WireAuthorization.of(one, other);
    for (const event of both.events) if (event.kind !== 'profile') this.#foldInto(both, event);
    both.keepDoubtsOf(one, other);
    for (const gone of [one, other]) {
      this.authorizations.delete(gone);
      for (const name of gone.names) this.#byName.set(name, both);
      for (const [id, owner] of this.#byId) if (owner === gone) this.#byId.set(id, both);
    }
    return both;
  }

  /** An id of ours belongs to one authorization: its row in the origin's books would otherwise have another one's money. */
  #own({ authorization_id }: Exclude<CardEvent, Of<'profile'>>, authorization: WireAuthorization): void {
    if (authorization_id === null) return;
    const owner = this.#byId.get(authorization_id);
    if (owner === undefined) this.#byId.set(authorization_id, authorization);
    else if (owner !== authorization) this.misplaced ??= authorization_id;
  }

  /** An authorization's id under which another authorization's event was booked. */
  misplaced: string | null = null;
}

function namesOf(event: Exclude<CardEvent, Of<'profile'>>): string[] {
  switch (event.kind) {
    case 'authorization':
      return [event.request.authorization_key, event.request.alias_key].flatMap((name) => name ?? []);
    case 'message': {
      const { authorization_key, alias_key, message_key } = event.message;
      return [authorization_key ?? `message ${message_key}`, alias_key].flatMap((name) => name ?? []);
    }
    case 'expiry':
    case 'void':
      return event.authorization_key === null ? [] : [event.authorization_key];
  }
}

/** What makes two limits count alike. */
export function limitKey({
  applies_to,
  window,
  refunds_give_back,
}: Extract<Profile['controls'][number], { does: 'limit' }>): string {
  return JSON.stringify([applies_to, window, refunds_give_back]);
}
