import { abortAllDurableObjects } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

test('a switch is on until somebody turns it, and then as it was turned last, after a load too', async () => {
  const at = () => env.STAND_IN_SWITCHES.getByName(name);
  const name = `switch-${crypto.randomUUID()}`;
  expect(await at().read()).toEqual({ is_on: true, at_ms: null, by: null });
  for (const [isOn, by] of [
    [false, 'ann'],
    [true, 'bob'],
    [false, 'eve'],
  ] as const) {
    const turned = await at().turn(isOn, by);
    expect(turned).toMatchObject({ is_on: isOn, by });
    expect(Math.abs(Date.now() - Number(turned.at_ms))).toBeLessThan(10_000);
    await abortAllDurableObjects();
    expect(await at().read()).toEqual(turned);
  }
});
