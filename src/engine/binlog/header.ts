import type { GtidSet } from '../mysql/gtid';
import type { MariadbPosition } from '../mysql/mariadbGtid';
import { BinlogError } from './binlogError';
import { eventAt } from './event';
import { EVENT, FLAG } from './eventTypes';
import type { LogFormat } from './format';
import { decoded, readGtidList, readPreviousGtids } from './gtids';
import { headOf, type LogFile } from './logFile';
import { checkMagic, visitEvents } from './reader';

/** What a log says about itself before its first transaction. */
export interface LogHeader {
  /** Of the server whose file it is: in a relay log, the replica. */
  readonly format: LogFormat;
  /** MySQL: everything in the logs before. Absent where the server writes none (5.6 and 5.7 without GTIDs, MariaDB). */
  readonly previousGtids?: GtidSet;
  /** MariaDB: the last transactions of the logs before. Absent in relay logs and where the file ends too early. */
  readonly gtidList?: MariadbPosition;
  /** End of these events. */
  readonly endOffset: number;
}

/** Reads the beginning of a log. Rejects with BinlogError, the signal's reason, or what reading the file threw. */
export async function readHeader(log: LogFile, signal?: AbortSignal): Promise<LogHeader> {
  const head = await headOf(log, signal);
  const { header, torn } = await readFrom(head, signal);
  if (torn && head.size < log.size) return whole(log, (await readFrom(log, signal)).header);
  return whole(log, header);
}

function whole(log: LogFile, header: LogHeader | undefined): LogHeader {
  if (header === undefined) throw new BinlogError('empty', log.name, 0, 'the file has no header');
  return header;
}

/** `torn`: the file ended within it. */
async function readFrom(
  log: LogFile,
  signal: AbortSignal | undefined,
): Promise<{ readonly header: LogHeader | undefined; readonly torn: boolean }> {
  await checkMagic(log, signal);
  let format: LogFormat | undefined;
  let previousGtids: GtidSet | undefined;
  let gtidList: MariadbPosition | undefined;
  let endOffset = 0;
  const end = await visitEvents(log, signal ? { signal } : {}, (buffer, at, length, offset, current, dataLength) => {
    const event = eventAt(buffer, at, length, offset, current, dataLength);
    if (event.type === EVENT.formatDescription) {
      // A relay log's second one is the source's.
      if (format !== undefined) return false;
      format = current;
    } else if (event.type === EVENT.previousGtids) {
      previousGtids = decoded(event, log.name, () => readPreviousGtids(event.body));
    } else if (event.type === EVENT.gtidList && (event.flags & FLAG.artificial) === 0) {
      gtidList = decoded(event, log.name, () => readGtidList(event.body));
    } else return false;
    endOffset = offset + length;
  });
  const torn = end.kind !== 'stopped';
  if (format === undefined) return { header: undefined, torn };
  const gtids = { ...(previousGtids ? { previousGtids } : {}), ...(gtidList ? { gtidList } : {}) };
  return { header: { format, endOffset, ...gtids }, torn };
}
