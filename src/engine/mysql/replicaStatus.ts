import type { ColumnName, Dialect } from './dialect';
import type { Row } from './server';
import type { LogPosition, RegisteredReplica, ReplicaChannel, ReplicationError, ReplicationFilters } from './types';
import { commaList, flag, number, optional, text } from './values';

/** Group replication feeds itself through channels of these names; they are not ours to look at. */
const GROUP_CHANNELS = /^group_replication_(applier|recovery)$/;

/** Rows of `showReplicaStatus` as channels; rows without a source (nothing configured) are left out. */
export function channelsOf(rows: readonly Row[], dialect: Dialect): ReplicaChannel[] {
  return rows
    .map(row => channelOf(row, dialect))
    .filter(channel => channel.source.host !== '' && !GROUP_CHANNELS.test(channel.name));
}

function channelOf(row: Row, dialect: Dialect): ReplicaChannel {
  const c = (name: ColumnName): string => dialect.column(name);
  const usingGtid = text(row, 'Using_Gtid') as ReplicaChannel['usingGtid'];
  const publicKey = flag(row, c('getPublicKey'));
  return {
    name: text(row, 'Channel_Name') ?? text(row, 'Connection_name') ?? '',
    source: { host: text(row, c('sourceHost')) ?? '', port: number(row, c('sourcePort')) ?? 3306 },
    sourceUser: text(row, c('sourceUser')) ?? '',
    ...optional('sourceServerId', positive(number(row, c('sourceServerId')))),
    ...optional('sourceUuid', text(row, c('sourceUuid')) || undefined),
    receiver: receiverState(text(row, c('receiverRunning'))),
    applier: text(row, c('applierRunning')) === 'Yes' ? 'running' : 'stopped',
    ...optional('received', position(row, c('receivedFile'), c('receivedPosition'))),
    ...optional('applied', position(row, c('appliedFile'), c('appliedPosition'))),
    ...optional('relayLog', position(row, 'Relay_Log_File', 'Relay_Log_Pos')),
    ...optional('relayLogBytes', number(row, 'Relay_Log_Space')),
    ...optional('secondsBehind', number(row, c('secondsBehind'))),
    ...optional('receiverError', replicationError(row, 'Last_IO_Errno', 'Last_IO_Error')),
    ...optional('applierError', replicationError(row, 'Last_SQL_Errno', 'Last_SQL_Error')),
    ...optional('retrievedGtids', (text(row, 'Retrieved_Gtid_Set') ?? text(row, 'Gtid_IO_Pos'))?.replace(/\s+/g, '')),
    autoPosition: usingGtid === undefined ? flag(row, 'Auto_Position') === true : usingGtid !== 'No',
    ...optional('usingGtid', usingGtid),
    filters: filters(row),
    delaySeconds: number(row, 'SQL_Delay') ?? 0,
    ...optional('connectRetrySeconds', number(row, 'Connect_Retry')),
    tls: flag(row, c('tlsAllowed')) === true,
    ...optional('publicKey', publicKey === undefined ? undefined : publicKey || !!text(row, c('publicKeyPath'))),
  };
}

function positive(value: number | undefined): number | undefined {
  return value === undefined || value <= 0 ? undefined : value;
}

/** `Preparing` (MariaDB) and `Connecting` are not there yet. */
function receiverState(value: string | undefined): ReplicaChannel['receiver'] {
  if (value === 'Yes') return 'running';
  return value === undefined || value === 'No' ? 'stopped' : 'connecting';
}

function position(row: Row, fileColumn: string, positionColumn: string): LogPosition | undefined {
  const file = text(row, fileColumn);
  return file ? { file, position: number(row, positionColumn) ?? 0 } : undefined;
}

function replicationError(row: Row, errno: string, message: string): ReplicationError | undefined {
  const number_ = number(row, errno);
  return number_ ? { errno: number_, text: text(row, message) ?? '' } : undefined;
}

function filters(row: Row): ReplicationFilters {
  const list = (column: string): string[] => commaList(text(row, column));
  return {
    doDb: list('Replicate_Do_DB'),
    ignoreDb: list('Replicate_Ignore_DB'),
    doTable: list('Replicate_Do_Table'),
    ignoreTable: list('Replicate_Ignore_Table'),
    wildDoTable: list('Replicate_Wild_Do_Table'),
    wildIgnoreTable: list('Replicate_Wild_Ignore_Table'),
  };
}

/** Rows of `showReplicas`. Host is what the replica reports of itself, often nothing. */
export function registeredReplicasOf(rows: readonly Row[], dialect: Dialect): RegisteredReplica[] {
  return rows.map(row => ({
    serverId: number(row, 'Server_Id') ?? number(row, 'Server_id') ?? 0,
    ...optional('host', text(row, 'Host') || undefined),
    port: number(row, 'Port') ?? 0,
    ...optional('uuid', text(row, dialect.column('replicaUuid')) || undefined),
  }));
}
