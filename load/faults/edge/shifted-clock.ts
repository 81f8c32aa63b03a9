// The wall clock of an isolate, ahead of its machine's by what the test says: for faulty-worker.ts, whose worker and objects share one isolate. Alarms
// go on by the platform's own clock, which nobody can set from here. workerd does not start under libfaketime (0.9.10: it hangs).

export const clockPath = '/clock-of-the-edge';

const MachineDate = Date;
let aheadMs = 0;

class ShiftedDate extends MachineDate {
  constructor(...given: [] | [number | string | Date]) {
    super(...((given.length === 0 ? [ShiftedDate.now()] : given) as [number]));
  }
  static override now(): number {
    return MachineDate.now() + aheadMs;
  }
}

export function shiftClock(ms: number): void {
  aheadMs = ms;
  globalThis.Date = ShiftedDate as DateConstructor;
}
