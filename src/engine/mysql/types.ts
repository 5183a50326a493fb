import type { Secret } from '../../config/secret';

export type Flavour = 'mysql' | 'mariadb';

export interface ServerVersion {
  readonly flavour: Flavour;
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** As the server says it. */
  readonly text: string;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Credentials {
  readonly user: string;
  readonly password: Secret;
}

/**
 * Why there is no connection, by error number or errno, never by text. `alive`: the server (or what stands in its place)
 * answered: it is not dead, however badly it answers.
 */
export interface ConnectFailure {
  readonly kind:
    | 'refused' // nobody listens: the host answers, the server is not there
    | 'timeout' // silence while connecting
    | 'silent' // the port accepts, no greeting: a hung server, or one that is stopped (SIGSTOP)
    | 'unreachable' // no route, network down
    | 'unknownHost'
    | 'closed' // connection closed before it was up
    | 'accessDenied'
    | 'tooManyConnections'
    | 'hostBlocked'
    | 'serverError' // any other error packet
    | 'tls'
    | 'protocol'
    | 'tunnel' // the SSH side failed
    | 'cancelled';
  readonly alive: boolean;
  /** MySQL's error number, where the server sent one. */
  readonly errno?: number;
  /** `ECONNREFUSED`, `ER_ACCESS_DENIED_ERROR` … */
  readonly code?: string;
  readonly text: string;
}

export interface LogPosition {
  readonly file: string;
  readonly position: number;
}

export interface ReplicationError {
  readonly errno: number;
  readonly text: string;
}

/** Comma lists split, trimmed, without duplicates, sorted. */
export interface ReplicationFilters {
  readonly doDb: readonly string[];
  readonly ignoreDb: readonly string[];
  readonly doTable: readonly string[];
  readonly ignoreTable: readonly string[];
  readonly wildDoTable: readonly string[];
  readonly wildIgnoreTable: readonly string[];
}

/** One replication channel (a row of SHOW REPLICA STATUS, SHOW ALL SLAVES STATUS). */
export interface ReplicaChannel {
  /** '' is the default channel. */
  readonly name: string;
  readonly source: Address;
  readonly sourceUser: string;
  readonly sourceServerId?: number;
  readonly sourceUuid?: string;
  readonly receiver: 'running' | 'connecting' | 'stopped';
  readonly applier: 'running' | 'stopped';
  /** What the receiver has: position in the source's binary log. Absent before the first event. */
  readonly received?: LogPosition;
  /** What the applier has done: position in the source's binary log. */
  readonly applied?: LogPosition;
  readonly relayLog?: LogPosition;
  /** Relay_Log_Space: bytes of all its relay logs. */
  readonly relayLogBytes?: number;
  /** Seconds_Behind_Source; undefined where the server says NULL. */
  readonly secondsBehind?: number;
  readonly receiverError?: ReplicationError;
  readonly applierError?: ReplicationError;
  /** MySQL: Retrieved_Gtid_Set. MariaDB: Gtid_IO_Pos. '' or absent without GTID. */
  readonly retrievedGtids?: string;
  /** MySQL: Auto_Position=1. MariaDB: Using_Gtid is not No. */
  readonly autoPosition: boolean;
  /** MariaDB's Using_Gtid. */
  readonly usingGtid?: 'No' | 'Slave_Pos' | 'Current_Pos';
  readonly filters: ReplicationFilters;
  /** SQL_Delay in seconds. */
  readonly delaySeconds: number;
  readonly connectRetrySeconds?: number;
  readonly tls: boolean;
  /**
   * Whether the receiver may use caching_sha2_password without TLS: Get_Source_public_key=1, or a key file is given.
   * Absent where the server has no such option.
   */
  readonly publicKey?: boolean;
}

/** Semi-synchronous replication; a side is absent where its plugin is not loaded. */
export interface SemiSync {
  readonly source?: {
    readonly enabled: boolean;
    /** Rpl_semi_sync_source_status: currently semi-synchronous, not fallen back. */
    readonly active: boolean;
    readonly clients: number;
    /** rpl_semi_sync_source_wait_for_replica_count (MariaDB: 1). */
    readonly waitForReplicas: number;
    readonly timeoutMs: number;
    /** Sessions that wait for an acknowledgement now. */
    readonly waitingSessions: number;
  };
  readonly replica?: { readonly enabled: boolean; readonly active: boolean };
}

/** Who is connected as a replica (SHOW REPLICAS). */
export interface RegisteredReplica {
  readonly serverId: number;
  readonly host?: string;
  readonly port: number;
  readonly uuid?: string;
}

/** Everything that topology, analysis, checks and election want to know about one server, read in one go. Plain data. */
export interface ServerState {
  readonly version: ServerVersion;
  readonly serverId: number;
  /** MySQL only. */
  readonly serverUuid?: string;
  readonly hostname: string;
  readonly port: number;
  readonly reportHost?: string;
  readonly reportPort?: number;
  readonly readOnly: boolean;
  /** Absent where the server has no such variable. */
  readonly superReadOnly?: boolean;
  readonly offlineMode?: boolean;
  readonly logBin: boolean;
  readonly logReplicaUpdates: boolean;
  readonly binlogFormat?: string;
  readonly binlogRowImage?: string;
  readonly binlogChecksum?: string;
  readonly binlogEncrypted: boolean;
  readonly binlogDirectory?: string;
  readonly binlogPosition?: LogPosition;
  /** Binlog_Do_DB and Binlog_Ignore_DB, sorted. */
  readonly binlogDoDb: readonly string[];
  readonly binlogIgnoreDb: readonly string[];
  /** MySQL's gtid_mode; absent on MariaDB and before 5.6.5. */
  readonly gtidMode?: 'OFF' | 'OFF_PERMISSIVE' | 'ON_PERMISSIVE' | 'ON';
  /** MySQL: gtid_executed. MariaDB: gtid_current_pos. */
  readonly gtidExecuted?: string;
  /** MySQL: gtid_purged. */
  readonly gtidPurged?: string;
  /** MariaDB: gtid_binlog_pos, gtid_slave_pos. */
  readonly gtidBinlogPos?: string;
  readonly gtidSlavePos?: string;
  readonly gtidStrictMode?: boolean;
  readonly datadir: string;
  readonly relayLogPurge: boolean;
  readonly relayLogRecovery?: boolean;
  readonly parallelWorkers: number;
  readonly preserveCommitOrder?: boolean;
  readonly syncBinlog?: number;
  readonly flushLogAtTrxCommit?: number;
  readonly lowerCaseTableNames: number;
  readonly characterSet: string;
  readonly eventScheduler?: string;
  readonly maxConnections: number;
  readonly connections: number;
  readonly uptimeSeconds: number;
  readonly semiSync: SemiSync;
  /** All channels, group replication's left out. */
  readonly channels: readonly ReplicaChannel[];
  readonly registeredReplicas: readonly RegisteredReplica[];
  /** What could not be read, and why (e.g. a missing privilege): state is then incomplete, not wrong. */
  readonly unread: readonly { readonly what: string; readonly errno?: number; readonly text: string }[];
}
