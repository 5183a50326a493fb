import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import {
  expectRecovered,
  failOver,
  insert,
  KINDS,
  level,
  stopReceiver,
  worldOf,
  type FailedOver,
  type World,
} from './failoverSupport';

/**
 * Every statement that a failover sends to change something, server by server, in order; kept under golden/ and reviewed when
 * it changes. `GOLDEN=write` writes the files.
 */
function transcript({ cluster }: World, { lines }: FailedOver): string {
  const ports = new Map(cluster.servers.map((server, i) => [String(server.port), `<port${i + 1}>`]));
  const text = (statement: string) =>
    statement
      .replace(/\b\d{4,5}\b/g, number => ports.get(number) ?? number)
      .replace(/(LOG_POS = )\d+/g, '$1<position>')
      .replace(/(max_allowed_packet=)\d+/g, '$1<bytes>')
      .replace(/(KILL CONNECTION )\d+/g, '$1<id>');
  return cluster.replicas
    .map((_, i) => `server${i + 2}`)
    .map(id => {
      const own = lines.flatMap(line => (line.type === 'statement' && line.server === id ? [`${line.step}: ${text(line.text)}`] : [])); // prettier-ignore
      return `${id}\n${own.map(line => `  ${line}\n`).join('')}`;
    })
    .join('\n');
}

it.each(Object.entries(KINDS))('the statements of a failover, %s', async (name, kind) => {
  await using world = await worldOf(kind);
  const { cluster, master, candidate, others } = world;
  await stopReceiver(candidate, kind.flavour);
  await insert(master, 4);
  await level(cluster, others);
  for (const other of others) await stopReceiver(other, kind.flavour);
  await insert(master, 5);
  await master.kill();
  const result = await failOver(cluster);
  await expectRecovered(world, result, { master: candidate, replicas: others, ids: [1, 2, 3, 4, 5] });
  const file = path.resolve('test/integration/golden', `${name.replace(/[ .]+/g, '-').toLowerCase()}.txt`);
  const said = transcript(world, result);
  if (process.env['GOLDEN'] === 'write') {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, said);
  }
  expect(said).toBe(readFileSync(file, 'utf8'));
});
