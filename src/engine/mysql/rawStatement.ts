import * as driver from 'mysql2';
import type { Connection } from 'mysql2';
import type { Readable } from 'node:stream';

/** The parts of the driver's command and connection that its types leave out. */
interface Command {
  start: (packet: unknown, connection: Session) => unknown;
}
interface Session {
  readonly config: { charsetNumber: number };
}

/** latin1_swedish_ci: the driver writes each character of the text as the one byte that it stands for. */
const BYTES = 8;

type Done = (error: unknown, rows: unknown) => void;

/**
 * Sends a statement of any bytes as it is: binary logs keep statements in their client's character set, and with whatever
 * data stood in them. The driver takes texts only, and encodes them as the connection's character set says: that is
 * another one for the moment in which this statement is written.
 */
export function sendBytes(
  connection: Connection,
  statement: Buffer,
  infile: (() => Readable) | undefined,
  done: Done,
): void {
  const options = {
    sql: statement.toString('latin1'),
    ...(infile ? { infileStreamFactory: infile } : {}),
  };
  const maker = driver as unknown as {
    createQuery(options: object, values: undefined, done: Done, config: unknown): Command;
  };
  const command = maker.createQuery(options, undefined, done, connection.config);
  const start = command.start.bind(command);
  command.start = (packet, session) => {
    const { config } = session;
    const { charsetNumber } = config;
    config.charsetNumber = BYTES;
    try {
      return start(packet, session);
    } finally {
      config.charsetNumber = charsetNumber;
    }
  };
  connection.query(command as never);
}
