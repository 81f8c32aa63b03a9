import { expect, test } from 'vitest';
import { readAdvisories, stopsRelease } from './advisories.ts';

test('a registry that does not answer is no clean report', () => {
  const refusal = JSON.stringify({
    message: '405 Method Not Allowed - POST /bulk',
    statusCode: 405,
    error: { summary: '' },
  });
  expect(readAdvisories(refusal)).toEqual({ kind: 'not_told', why: '405 Method Not Allowed - POST /bulk' });
  expect(readAdvisories('')).toEqual({ kind: 'not_told', why: 'npm audit printed no JSON' });
  expect(readAdvisories('null')).toEqual({ kind: 'not_told', why: 'an answer of another shape' });
  expect(readAdvisories('{}')).toEqual({ kind: 'not_told', why: 'an answer of another shape' });
});

test('high and critical ones stop a release, others are listed', () => {
  const vulnerabilities = {
    hono: { name: 'hono', severity: 'high', via: [], range: '<4.9.7' },
    pg: { name: 'pg', severity: 'critical', range: '<8' },
    zod: { name: 'zod', severity: 'moderate', range: '<3.22.3' },
  };
  const told = readAdvisories(JSON.stringify({ auditReportVersion: 2, vulnerabilities, metadata: {} }));
  if (told.kind !== 'told') throw new Error(told.why);
  expect(told.packages.map(({ name }) => name)).toEqual(['hono', 'pg', 'zod']);
  expect(told.packages.filter(stopsRelease).map(({ name }) => name)).toEqual(['hono', 'pg']);
  expect(readAdvisories('{"vulnerabilities":{}}')).toEqual({ kind: 'told', packages: [] });
});
