// The distribution of a control set over HTTP: how far the newest one has come, and its pause and undo. It begins, and goes on, by applying
// a version (apply-control-set-version.ts).

import { newestDistribution, pauseDistribution, undoDistribution } from '../../controls/distributions.ts';
import { refusal } from '../../errors.ts';
import { costs } from '../http/cost.ts';
import { doerOf, type Route, route } from '../http/route.ts';
import { controlSetById } from './control-sets.ts';
import { distributionSchema, viewOf } from './distribution-view.ts';

const common = { tag: 'control sets', forMerchants: false, params: controlSetById } as const;

const read = route({
  ...common,
  method: 'get',
  path: '/control-sets/{control_set_id}/distribution',
  name: 'readControlSetDistribution',
  cost: { outside: 0, rows: 5_000, cpuMs: 2.5 },
  summary: 'How far a version of a control set has come on its way to the cards',
  scope: 'controls:read',
  answers: { status: 200, schema: distributionSchema, description: 'The newest distribution of the set.' },
  errors: ['distribution_not_found'],
  async handle({ params: { control_set_id }, sql }) {
    const newest = await newestDistribution(sql, control_set_id);
    if (newest === null) throw refusal('distribution_not_found');
    return { body: await viewOf(sql, newest) };
  },
});

const pause = route({
  ...common,
  method: 'post',
  path: '/control-sets/{control_set_id}/distribution/pause',
  name: 'pauseControlSetDistribution',
  cost: { ...costs.change, rows: 5_000 },
  summary: 'Move no more cards for now',
  description:
    'Cards that have moved stay so. Applying the same version goes on. Twice is once, so it needs no Idempotency-Key.',
  scope: 'controls:write',
  answers: { status: 200, schema: distributionSchema, description: 'Paused.' },
  errors: ['distribution_not_found', 'distribution_over'],
  async handle({ params: { control_set_id }, sql, ...call }) {
    return { body: await viewOf(sql, await pauseDistribution(sql, control_set_id, doerOf(call))) };
  },
});

const undo = route({
  ...common,
  method: 'post',
  path: '/control-sets/{control_set_id}/distribution/undo',
  name: 'undoControlSetDistribution',
  cost: { ...costs.change, rows: 100_000, cpuMs: 5 },
  summary: 'Give the cards back the controls that they had before',
  description:
    'The controls of the version before become a new version, the newest, which goes to every card that has the undone one. Twice is once, so it needs no Idempotency-Key.',
  scope: 'controls:write',
  answers: { status: 200, schema: distributionSchema, description: 'The distribution that undoes it.' },
  errors: ['distribution_not_found', 'distribution_not_undoable'],
  async handle({ params: { control_set_id }, sql, ...call }) {
    return { body: await viewOf(sql, await undoDistribution(sql, control_set_id, doerOf(call))) };
  },
});

export const distributionRoutes: readonly Route[] = [read, pause, undo];
