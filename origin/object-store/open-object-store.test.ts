import { describe, expect, test } from 'vitest';
import { openObjectStore, placeProblems, readS3Environment } from './open-object-store.ts';

const complete = {
  S3_ENDPOINT: 'https://s3.eu-central-1.amazonaws.com',
  S3_ACCESS_KEY_ID: 'access-key',
  S3_SECRET_ACCESS_KEY: 'secret-key',
};
const problems = (place: string, environment: Record<string, string> = complete) =>
  placeProblems({ setting: 'STORE', place }, readS3Environment(environment));

describe('a place', () => {
  test.each(['/var/bank', 'bank', './s3/bank', 'C:\\bank'])('%j is a directory', (place) => {
    expect(problems(place, {})).toEqual([]);
  });

  test.each(['s3://bank', 's3://bank/', 's3://bank/atlas', 's3://bank.files-1/atlas/production/'])(
    '%j is a bucket',
    (place) => {
      expect(problems(place)).toEqual([]);
    },
  );

  test.each([
    's3://',
    's3:bank',
    's3://Bank',
    's3://b',
    's3://bank//x',
    's3://bank/../x',
    's3://id:secret@bank',
    'gs://bank',
  ])('%j is neither', (place) => {
    expect(problems(place)).toEqual(['STORE: must be a directory, or s3://bucket/folder']);
  });

  test('in a bucket needs a server and a key, and says which is missing', () => {
    expect(problems('s3://bank', { S3_ACCESS_KEY_ID: 'access-key' })).toEqual([
      'S3_ENDPOINT: is not set, and STORE needs it for a bucket',
      'S3_SECRET_ACCESS_KEY: is not set, and STORE needs it for a bucket',
    ]);
    expect(() => openObjectStore({ setting: 'STORE', place: 's3://bank' }, readS3Environment({}))).toThrow(
      /^configuration: S3_ENDPOINT: is not set.*S3_ACCESS_KEY_ID: .*S3_SECRET_ACCESS_KEY: /,
    );
  });
});

test('the environment: an empty value is none, a wrong one is named and not quoted', () => {
  expect(readS3Environment({ ...complete, S3_REGION: '', OTHER: 'x' })).toEqual({ ...complete, S3_REGION: 'auto' });
  expect(() => readS3Environment({ S3_ENDPOINT: 'secret-key' })).toThrow(
    'configuration: S3_ENDPOINT: must be a URL that begins with https:// or http://',
  );
});
