// A row of an object's log: an event, numbered without gaps. What its body means is its owner's business.

export interface Row<Body> {
  readonly sequence: number;
  readonly at_ms: number;
  readonly body: Body;
}
