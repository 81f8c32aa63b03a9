// The list of all software that the project is made with (a software bill of materials, CycloneDX), as npm makes it of the lock
// file: every package on every platform, whether it is installed on this machine or not.

import { execFileSync } from 'node:child_process';
import * as z from 'zod';

const listSchema = z.object({
  bomFormat: z.literal('CycloneDX'),
  components: z.array(
    z.object({
      name: z.string(),
      version: z.string(),
      licenses: z
        .array(
          z.union([
            z.object({ license: z.union([z.object({ id: z.string() }), z.object({ name: z.string() })]) }),
            z.object({ expression: z.string() }),
          ]),
        )
        .default([]),
      properties: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
      hashes: z.array(z.object({ alg: z.string(), content: z.string() })).default([]),
    }),
  ),
});

export interface Component {
  readonly name: string;
  readonly version: string;
  /** SPDX expression, or null where the package names no licence. */
  readonly licence: string | null;
  /** Only tests and tools use it: it is neither in the edge's bundle nor installed with `npm ci --omit=dev`. */
  readonly isDevelopment: boolean;
  /** The lock file has a checksum, so that npm refuses other bytes under the same version. */
  readonly hasChecksum: boolean;
}

/** npm's own document, to be kept as it is. Throws where npm fails. */
export function makeSoftwareList(): string {
  return execFileSync('npm', ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 1024 * 1024,
  });
}

/** Throws where the text is no CycloneDX document. */
export function readSoftwareList(text: string): Component[] {
  return listSchema.parse(JSON.parse(text)).components.map(({ name, version, licenses, properties, hashes }) => ({
    name,
    version,
    // Several entries mean that all of them apply.
    licence: licenses.length === 0 ? null : licenses.map(licenceOf).join(' AND '),
    isDevelopment: properties.some((one) => one.name === 'cdx:npm:package:development' && one.value === 'true'),
    hasChecksum: hashes.length > 0,
  }));
}

function licenceOf(entry: z.infer<typeof listSchema>['components'][number]['licenses'][number]): string {
  if ('expression' in entry) return `(${entry.expression})`;
  return 'id' in entry.license ? entry.license.id : entry.license.name;
}

/** Packages of the lock file that the list leaves out: there must be none. */
export function missingFrom(components: readonly Component[], lockFile: string): string[] {
  const { packages = {} } = JSON.parse(lockFile) as { packages?: Readonly<Record<string, { version?: string }>> };
  const listed = new Set(components.map(({ name, version }) => `${name}@${version}`));
  return Object.entries(packages)
    .filter(([where]) => where !== '')
    .map(([where, { version = '' }]) => `${where.replace(/^.*node_modules\//, '')}@${version}`)
    .filter((one) => !listed.has(one));
}
