// The edge's address given for the origin's: both are Atlas, and only the origin answers the API.

import type { Connection, Look } from './connection.ts';

/** Whether this is how an edge answers /readyz: with the bundle that it serves, or the settings that keep it from serving. */
export function isOfEdge({ body }: Look): boolean {
  return typeof body === 'object' && body !== null && ('bundle' in body || 'wrong_settings' in body);
}

/** Null: it is not the edge that answers there. */
export async function edgeProblem({ url, because, look }: Connection): Promise<string | null> {
  const answer = await look(`${url}/readyz`).catch(() => null);
  return answer !== null && isOfEdge(answer) ? `${url} (${because}) ${isTheEdges}` : null;
}

export const isTheEdges =
  "is the edge's address, and commands ask the origin: give the origin's as --url or ATLAS_URL, and this one as --edge-url or ATLAS_EDGE_URL";
