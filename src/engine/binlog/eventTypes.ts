/**
 * Numbers of the events that mean something here.
 * https://dev.mysql.com/doc/dev/mysql-server/latest/classmysql_1_1binlog_1_1event_1_1Binary__log__event.html
 * and, from 160 on, https://mariadb.com/kb/en/2-binlog-event-header/
 */
export const EVENT = {
  query: 2,
  stop: 3,
  rotate: 4,
  intvar: 5,
  appendBlock: 9,
  deleteFile: 11,
  rand: 13,
  userVar: 14,
  formatDescription: 15,
  xid: 16,
  beginLoadQuery: 17,
  executeLoadQuery: 18,
  tableMap: 19,
  writeRowsV0: 20,
  updateRowsV0: 21,
  deleteRowsV0: 22,
  writeRowsV1: 23,
  updateRowsV1: 24,
  deleteRowsV1: 25,
  incident: 26,
  heartbeat: 27,
  rowsQuery: 29,
  writeRows: 30,
  updateRows: 31,
  deleteRows: 32,
  gtid: 33,
  anonymousGtid: 34,
  previousGtids: 35,
  transactionContext: 36,
  viewChange: 37,
  xaPrepare: 38,
  partialUpdateRows: 39,
  transactionPayload: 40,
  heartbeatV2: 41,
  taggedGtid: 42,
  annotateRows: 160,
  binlogCheckpoint: 161,
  mariadbGtid: 162,
  gtidList: 163,
  startEncryption: 164,
  queryCompressed: 165,
  writeRowsCompressedV1: 166,
  updateRowsCompressedV1: 167,
  deleteRowsCompressedV1: 168,
  writeRowsCompressed: 169,
  updateRowsCompressed: 170,
  deleteRowsCompressed: 171,
} as const;

/** Bits of the header's flags. */
export const FLAG = {
  /** The file was not closed properly, or is still written to (format description only). */
  inUse: 0x1,
  /** The statement depends on the session: temporary tables, CONNECTION_ID(). */
  threadSpecific: 0x4,
  /** The statement is not to be preceded by USE. */
  suppressUse: 0x8,
  /** Made up for the reader; not in the source's file. */
  artificial: 0x20,
  /** Written by a replica for its own relay log. */
  relayLog: 0x40,
  ignorable: 0x80,
} as const;

/** Whether events of this type change rows (partial updates and MariaDB's compressed ones included). */
export function isRowsEvent(type: number): boolean {
  return (
    (type >= EVENT.writeRowsV0 && type <= EVENT.deleteRowsV1) ||
    (type >= EVENT.writeRows && type <= EVENT.deleteRows) ||
    type === EVENT.partialUpdateRows ||
    (type >= EVENT.writeRowsCompressedV1 && type <= EVENT.deleteRowsCompressed)
  );
}
