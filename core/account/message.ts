// What accounts and the holders of their shares tell each other. Every message carries the totals of its share as its sender knows them.

/** Names one ask or one recall, so that an answer from before a crash is not taken for the answer to this one: it never comes twice. */
export type Token = string;

interface OfShare {
  readonly to: string;
  readonly from: string;
  readonly share: string;
}

/** A holder needs more. The figures are of the whole share, so that a repeat asks for nothing in addition. */
export interface Ask extends OfShare {
  readonly kind: 'ask';
  readonly ask: Token;
  readonly returned_minor: number;
  /** What has to be out: 300 spent and 50 asked for: 350. Called back from others where it must be. */
  readonly needed_minor: number;
  /** What would spare it the next ask; given only where nobody has to give it back. */
  readonly wished_minor: number;
}

export interface Granted extends OfShare {
  readonly kind: 'granted';
  readonly granted_minor: number;
  /** What the account knows to be returned: an answer that does not know of the newest return is not the last word. */
  readonly returned_minor: number;
  readonly ask: Token;
  /** False: somebody who may have had money did not answer, or the account does not serve this share. The answer is the failure policy's. */
  readonly heard_all: boolean;
}

/** An account calls money back until `returned_minor` is reached, or the holder has nothing left. */
export interface Recall extends OfShare {
  readonly kind: 'recall';
  readonly recall: Token;
  readonly granted_minor: number;
  readonly returned_minor: number;
}

export interface Returned extends OfShare {
  readonly kind: 'returned';
  readonly returned_minor: number;
  /** What the holder knows to be granted: money under way to it is not ended with the rest. */
  readonly granted_minor: number;
  /** The recall that it answers: the holder has nothing left to give, or has given all that was wanted. Null: nobody asked. */
  readonly recall: Token | null;
  readonly heard_all: boolean;
  /** The holder spends nothing of it any more, and nothing of it is held. */
  readonly ended: boolean;
}

/** What became of a withdrawal. */
export interface Withdrawal {
  readonly kind: 'withdrawal';
  readonly to: string;
  readonly from: string;
  readonly key: string;
  readonly outcome:
    | 'withdrawn'
    | 'insufficient_funds'
    | 'unreachable'
    | 'not_its_money'
    | 'key_reused'
    | 'amount_invalid';
}

export type Message = Ask | Granted | Recall | Returned | Withdrawal;
