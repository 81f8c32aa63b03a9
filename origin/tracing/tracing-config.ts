// Where traces go and how many of them, by the names that OpenTelemetry's own documents have for it.
// https://opentelemetry.io/docs/specs/otel/protocol/exporter/ and …/configuration/sdk-environment-variables/

import * as z from 'zod';
import { isThisMachine } from '../outside.ts';
import { urlSetting } from '../setting-shapes.ts';

type Headers = Readonly<Record<string, string>>;

/**
 * `name=value,name=value`, as for W3C Baggage: values are percent-encoded. Two of these with a space while they change, the newest first;
 * a space beside a comma or an equals sign is only a space, as OpenTelemetry has it.
 */
const headers = z.string().transform((text, context): readonly Headers[] => {
  const sets = text
    .trim()
    .split(/(?<![\s,=])\s+(?![\s,=])/)
    .map(readHeaders);
  const read = sets.filter((set) => set !== null);
  if (read.length === sets.length && sets.length <= 2) return read;
  context.addIssue({ code: 'custom', message: 'must be name=value, several with commas; two sets with a space' });
  return z.NEVER;
});

function readHeaders(text: string): Headers | null {
  const read: Record<string, string> = {};
  for (const part of text.split(',').filter((one) => one.trim() !== '')) {
    const [, name, value] = /^\s*([\w-]{1,100})\s*=\s*([!-:<-~]{1,4000})\s*$/.exec(part) ?? [];
    const plain = decoded(value);
    if (name === undefined || plain === null || !/^[!-~](?:[ -~]*[!-~])?$/.test(plain)) return null;
    read[name] = plain;
  }
  return read;
}

export const tracingEnvironmentShape = {
  /** A collector's, without the path: `/v1/traces` is added. Not set: nothing is traced, and no SDK is loaded. */
  OTEL_EXPORTER_OTLP_ENDPOINT: urlSetting('https:', 'http:').optional(),
  OTEL_EXPORTER_OTLP_HEADERS: headers.optional(),
  /** The share of traces that are recorded, 0 to 1. By the trace's id, so that all who work on one trace decide alike. */
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .regex(/^(?:0|1|0?\.\d{1,6}|[01]\.\d{1,6})$/, 'must be a share from 0 to 1, such as 0.05')
    .transform(Number)
    .refine((ratio) => ratio <= 1, 'must be a share from 0 to 1, such as 0.05')
    .default(0.05),
} as const;

const shape = z.object(tracingEnvironmentShape);
export type TracingConfig = z.infer<typeof shape>;

/** A collector on this machine is reached without TLS; any other one by TLS in production. */
export function tracingProblems(
  { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }: TracingConfig,
  isProduction: boolean,
): string[] {
  if (!isProduction || endpoint === undefined || /^https:/i.test(endpoint)) return [];
  if (isThisMachine(new URL(endpoint).hostname)) return [];
  return ['OTEL_EXPORTER_OTLP_ENDPOINT: must be https in production, where it is not on this machine'];
}

/** Null for what no percent-encoding gives. What no header carries is refused by the caller: `%0d%0a` would end it and begin another. */
function decoded(text: string | undefined): string | null {
  try {
    return text === undefined ? null : decodeURIComponent(text);
  } catch {
    return null;
  }
}
