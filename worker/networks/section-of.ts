// A network's routes: its requests, its facts, and voids where it has them.

import { type Call, type Section, section } from '../section.ts';
import { answerRequest, giveUpRequest } from './answer-request.ts';
import type { CardNetwork } from './network.ts';
import { takeFacts } from './take-facts.ts';

export function sectionOf(network: CardNetwork): Section {
  const { requests, facts, voids } = network;
  const routes = new Map<string, Take>([
    [requests.path, ({ request, env, execution }) => answerRequest(network, request, env, execution)],
    [facts.path, ({ request, env }) => takeFacts(network, request, env)],
  ]);
  if (voids !== undefined) routes.set(voids.path, ({ request, env }) => giveUpRequest(network, voids, request, env));
  return section(() => null, Object.fromEntries([...routes].map(([path, take]) => [`POST /${path}`, take])));
}

type Take = (call: Call) => Promise<Response>;
