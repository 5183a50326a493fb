import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseDocument } from '../../../src/config/document';
import { PARAMETERS } from '../../../src/config/parameters';
import type { Parameter } from '../../../src/config/parameters';
import { blockers, resolve } from '../../../src/config/resolve';
import { Secret } from '../../../src/config/secret';
import type { Resolution, ServerConfig } from '../../../src/config/types';
import { ensurePerlConfigTiny } from '../../support/servers';
import { meaningfulPair } from './generators';
import type { Pair } from './generators';
import { judge } from './oracle';
import { readByConfigTiny } from './perl';

beforeAll(ensurePerlConfigTiny, 120_000);

function resolvePair({ application, global }: Pair): Resolution {
  return resolve({
    application: parseDocument(application, 'app1.cnf'),
    ...(global === undefined ? {} : { global: parseDocument(global, 'global.cnf') }),
    loginUser: 'LOGIN',
  });
}

/** A value as text again where nothing is lost on the way: not for words of numbers and booleans, nor empty texts. */
function comparable(type: Parameter['type'], text: string | undefined, typed: unknown): [unknown, unknown] {
  if (typed instanceof Secret) return [text, typed.reveal()];
  switch (type) {
    case 'port':
      return /^0*[1-9]\d{0,3}$/.test(text ?? '') ? [Number(text), typed] : [0, 0];
    case 'positiveInteger':
      return [Number(text), typed];
    case 'boolean':
      return text === '0' || text === '1' ? [text === '1', typed] : [0, 0];
    case 'pingType':
      return [text?.toUpperCase(), typed];
    case 'directories':
      return text === '' ? [0, 0] : [text?.replace(/\s/g, '').split(',').filter(Boolean).join(), String(typed)];
    default:
      return text === '' ? [0, 0] : [text, typed];
  }
}

function differences(server: ServerConfig, texts: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(PARAMETERS).flatMap(([name, parameter]) => {
    const [theirs, mine] = comparable(parameter.type, texts[name], server.values[name as keyof typeof PARAMETERS]);
    return theirs === mine ? [] : [`${server.id}.${name}: ${JSON.stringify(mine)}, expected ${JSON.stringify(theirs)}`];
  });
}

describe("resolve compared with MHA's rules", () => {
  it('gives the same verdict, order and values for generated files', () => {
    const seed = Number(process.env['FC_SEED'] ?? 20_251_122);
    const pairs = fc.sample(meaningfulPair, { numRuns: 2500, seed });
    const parsed = readByConfigTiny(pairs.flatMap(p => [Buffer.from(p.application), Buffer.from(p.global ?? '')]));
    let accepted = 0;
    const wrong = pairs.flatMap((pair, i): { pair: Pair; problem: unknown }[] => {
      const expected = judge(parsed[2 * i], pair.global === undefined ? 'none' : parsed[2 * i + 1]);
      const resolution = resolvePair(pair);
      const { cluster } = resolution;
      if (!cluster)
        return expected.rejected
          ? []
          : [
              {
                pair,
                problem: ['rejected', ...resolution.findings.filter(f => f.rejectedByMha).map(f => f.code)],
              },
            ];
      if (expected.rejected) return [{ pair, problem: 'accepted' }];
      accepted++;
      const order = cluster.servers.map(s => s.id).join();
      const problems = cluster.servers.flatMap((s, n) => differences(s, expected.servers[n]?.texts ?? {}));
      if (order !== expected.servers.map(s => s.id).join()) problems.push(`order ${order}`);
      return problems.length > 0 ? [{ pair, problem: problems }] : [];
    });
    expect(wrong.slice(0, 3)).toEqual([]);
    expect(accepted, 'accepted files').toBeGreaterThan(300);
    expect(pairs.length - accepted, 'rejected files').toBeGreaterThan(300);
  });

  it('forbids acting where a rejected file would be acted on', () => {
    fc.assert(
      fc.property(meaningfulPair, pair => {
        const resolution = resolvePair(pair);
        return resolution.cluster !== undefined || blockers(resolution).length > 0;
      }),
      { numRuns: 300 },
    );
  });
});
