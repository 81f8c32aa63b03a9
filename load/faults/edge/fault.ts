// What can be wrong with a card's object in the fault test of a live edge, and how the test tells the edge of it.

export interface CardFault {
  /** So many calls fail, and those after them do not. */
  readonly calls?: number;
  /** Calls fail for so long, counted from the first. */
  readonly awayMs?: number;
  /**
   * `throws`: with the platform's marks on the error. `aborts`: the object starts again from what is durable. `commits`: a request is
   * decided and recorded, and its answer is lost; of anything else it hears nothing. `waits`: it does what it is asked after `waitsMs`.
   */
  readonly how: 'throws' | 'aborts' | 'commits' | 'waits';
  readonly marks?: { readonly retryable?: boolean; readonly overloaded?: boolean };
  readonly waitsMs?: number;
  /** Of these calls only; of all without. */
  readonly of?: readonly ('authorize' | 'receive' | 'void')[];
}

/** `PUT` with a fault, `GET` for how often the object was asked since; the card's key as `?card=`. */
export const faultPath = '/fault-of-the-test';
/** `POST` with a batch of a queue; answered with what was acked, and what comes again. */
export const batchPath = '/batch-of-the-test';

export interface Batch {
  readonly queue: string;
  readonly messages: readonly { readonly id: string; readonly attempts: number; readonly body: unknown }[];
}

export interface BatchAnswer {
  readonly acked: readonly string[];
  readonly retried: readonly { readonly id: string; readonly delaySeconds: number }[];
}
