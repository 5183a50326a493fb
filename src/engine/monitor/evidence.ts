import type { ReplicaOpinion } from './decision';
import type { PingOutcome } from './outcome';
import type { Opinions } from './suspicion';
import type { Evidence } from './types';

const OF_REPLICA: Readonly<Record<ReplicaOpinion['says'], Evidence['says']>> = {
  broken: 'dead',
  receiving: 'alive',
  reconnected: 'alive',
  connected: 'unknown',
  answered: 'alive',
  stopped: 'unknown',
  unknown: 'unknown',
};

/** Everything that was said when the decision fell, ours first. */
export function evidenceOf(own: PingOutcome, { replicas, routes }: Opinions): Evidence[] {
  const at = new Date().toISOString();
  return [
    ownEvidence(own, at),
    ...replicas.map(({ server, says, code, text }): Evidence => ({
      from: 'replica',
      server,
      says: OF_REPLICA[says],
      ...(code !== undefined && { code }),
      text,
      at,
    })),
    ...routes.map(({ via, server, says, code, text }): Evidence => ({
      from: via,
      ...(server !== undefined && { server }),
      says: says === 'pending' ? 'unknown' : says,
      ...(code !== undefined && { code }),
      text,
      at,
    })),
  ];
}

function ownEvidence(own: PingOutcome, at: string): Evidence {
  const common = { from: 'manager', at } as const;
  switch (own.kind) {
    case 'ok':
      return { ...common, says: 'alive', text: own.readOnly ? 'it answers, and is read-only' : 'it answers' };
    case 'answered':
      return { ...common, says: 'alive', code: String(own.errno ?? own.code), text: own.text };
    case 'local':
      return { ...common, says: 'unknown', code: own.code, text: own.text };
    case 'queryFailed':
      return { ...common, says: own.how === 'hung' ? 'hung' : 'dead', code: own.code, text: own.text };
    case 'connectFailed': {
      const says = own.how === 'silent' ? 'hung' : own.how === 'unanswered' ? 'silent' : 'dead';
      return { ...common, says, code: own.code, text: own.text };
    }
  }
}
