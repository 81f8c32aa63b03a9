// Which half of a release is deployed first, as CHANGELOG.md says in the section of that release. The origin, as a rule: it reads what the
// edge writes, and must know a new kind of event before the first card writes one. The edge, where the origin asks it for something new.

export type Half = 'origin' | 'edge';

/** Throws where the newest section does not say. */
export function releaseOrder(changelog: string): Half {
  const [, newest = ''] = changelog.split(/^## /m);
  const said = /^Deploy: (origin|edge) first\b/m.exec(newest)?.[1];
  if (said === undefined)
    throw new Error('CHANGELOG.md: its newest section has no line "Deploy: origin first" or "Deploy: edge first"');
  return said as Half;
}
