import type { Flavour } from './flavours';
import type { TestRow, TestServer } from './testServer';
import { waitFor } from './waitFor';

export interface ReplicationPlan {
  readonly flavour: Flavour;
  readonly gtid: boolean;
  readonly shape: 'star' | 'chain' | 'coMasters';
}

/** Makes fresh servers replicate; returns when each replica runs and has what its source has. */
export async function replicate(servers: readonly TestServer[], plan: ReplicationPlan): Promise<void> {
  const pairs = sources(servers, plan.shape);
  await Promise.all(pairs.map(([replica, source]) => follow(replica, source, plan)));
  await Promise.all(pairs.map(([replica, source]) => waitForReplica(replica, source, plan.flavour)));
}

function sources(servers: readonly TestServer[], shape: ReplicationPlan['shape']): [TestServer, TestServer][] {
  const pairs = servers.slice(1).map((server, i): [TestServer, TestServer] => {
    return [server, servers[shape === 'chain' ? i : 0] as TestServer];
  });
  const [first, second] = servers;
  if (shape === 'coMasters' && first && second) pairs.push([first, second]);
  return pairs;
}

/** Points a server at a source by GTID or, for fresh servers, at the beginning of its first log; starts replication. */
export async function follow(
  replica: TestServer,
  source: TestServer,
  plan: Pick<ReplicationPlan, 'flavour' | 'gtid'>,
): Promise<void> {
  const mysql9 = plan.flavour === 'mysql97';
  const word = mysql9 ? 'SOURCE' : 'MASTER';
  const position = `${word}_LOG_FILE='mysql-bin.000001', ${word}_LOG_POS=4`;
  const where = {
    mysql56: plan.gtid ? 'MASTER_AUTO_POSITION=1' : `${position}, MASTER_AUTO_POSITION=0`,
    mysql97: `${plan.gtid ? 'SOURCE_AUTO_POSITION=1' : `${position}, SOURCE_AUTO_POSITION=0`}, GET_SOURCE_PUBLIC_KEY=1`,
    mariadb1011: plan.gtid ? 'MASTER_USE_GTID=slave_pos' : `${position}, MASTER_USE_GTID=no`,
  }[plan.flavour];
  await replica.query(
    `CHANGE ${mysql9 ? 'REPLICATION SOURCE' : 'MASTER'} TO ${word}_HOST=?, ${word}_PORT=?, ${word}_USER='repl', ${word}_PASSWORD='repl', ` +
      `${word}_CONNECT_RETRY=1, ${word}_HEARTBEAT_PERIOD=1, ${where}`,
    [source.host, source.port],
  );
  await replica.query(mysql9 ? 'START REPLICA' : 'START SLAVE');
}

/** Returns when the replica receives nothing more. */
export async function stopReceiver(replica: TestServer, flavour: Flavour): Promise<void> {
  await replica.query(`STOP ${flavour === 'mysql97' ? 'REPLICA' : 'SLAVE'} IO_THREAD`);
}

/** The replication status in the column names of MySQL 5.6, undefined when there is none. */
export async function replicaStatus(server: TestServer, flavour: Flavour): Promise<TestRow | undefined> {
  const [row] = await server.query(flavour === 'mysql97' ? 'SHOW REPLICA STATUS' : 'SHOW SLAVE STATUS');
  if (!row) return undefined;
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name.replace(/^Replica_/, 'Slave_').replace(/Source/, 'Master'),
      value,
    ]),
  );
}

/** Waits until both threads run and everything that the source has now is applied. */
export async function waitForReplica(
  replica: TestServer,
  source: TestServer,
  flavour: Flavour,
  timeoutMs = 30_000,
): Promise<void> {
  const [end] = await source.query(flavour === 'mysql97' ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS');
  const wanted = position(end?.['File'], end?.['Position']);
  let status: TestRow | undefined;
  try {
    await waitFor(
      'replication',
      async () => {
        status = await replicaStatus(replica, flavour);
        return (
          status?.['Slave_IO_Running'] === 'Yes' &&
          status['Slave_SQL_Running'] === 'Yes' &&
          position(status['Relay_Master_Log_File'], status['Exec_Master_Log_Pos']) >= wanted
        );
      },
      { timeoutMs },
    );
  } catch (error) {
    const told = Object.entries(status ?? {}).filter(([name]) => /Running$|_Err|Log_File|Log_Pos/.test(name));
    throw new Error(
      `server ${replica.serverId} does not follow ${wanted}: ${JSON.stringify(Object.fromEntries(told))}`,
      { cause: error },
    );
  }
}

/** Comparable as text: file names of one server have the same length. */
function position(file: unknown, offset: unknown): string {
  return `${String(file)}:${String(offset).padStart(20, '0')}`;
}
