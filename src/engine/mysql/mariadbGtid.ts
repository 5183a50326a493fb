import { GtidError } from './gtid';

/** The last transaction of one domain. */
export interface MariadbGtid {
  readonly domain: number;
  readonly server: number;
  /** 0 … 2^64 - 1 */
  readonly sequence: bigint;
}

/** How one position stands to another: `diverged` = neither has everything that the other has. */
export type PositionOrder = 'equal' | 'ahead' | 'behind' | 'diverged';

const GTID = /^(\d{1,10})-(\d{1,10})-(\d{1,20})$/;
const MAX_ID = 0xffff_ffff;
const MAX_SEQUENCE = (1n << 64n) - 1n;

/**
 * A replication position of MariaDB: for each domain the last transaction (gtid_current_pos and its like). Immutable.
 * Comparing two relies on what gtid_strict_mode enforces: within a domain the sequence only grows, whoever writes.
 * https://mariadb.com/kb/en/gtid/
 */
export class MariadbPosition {
  readonly #domains: ReadonlyMap<number, MariadbGtid>;

  private constructor(domains: ReadonlyMap<number, MariadbGtid>) {
    this.#domains = domains;
  }

  /** Reads `0-1-100,1-5-7`; a domain may occur once, as in the server. Throws GtidError. */
  static parse(text: string): MariadbPosition {
    const domains = new Map<number, MariadbGtid>();
    let offset = 0;
    for (const entry of text.split(',')) {
      const trimmed = entry.trim();
      if (trimmed !== '' || text.includes(',')) {
        const [, domain, server, sequence] = GTID.exec(trimmed) ?? [];
        if (sequence === undefined) throw new GtidError(text, offset);
        const gtid = { domain: Number(domain), server: Number(server), sequence: BigInt(sequence) };
        if (gtid.domain > MAX_ID || gtid.server > MAX_ID || gtid.sequence > MAX_SEQUENCE || domains.has(gtid.domain))
          throw new GtidError(text, offset);
        domains.set(gtid.domain, gtid);
      }
      offset += entry.length + 1;
    }
    return new MariadbPosition(domains);
  }

  get isEmpty(): boolean {
    return this.#domains.size === 0;
  }

  /** Sorted by domain. */
  get gtids(): MariadbGtid[] {
    return [...this.#domains.values()].sort((a, b) => a.domain - b.domain);
  }

  /** Whether a server at this position has everything up to `other`. Two writers of the same number have not. */
  contains(other: MariadbPosition): boolean {
    return other.gtids.every(({ domain, server, sequence }) => {
      const own = this.#domains.get(domain);
      if (own === undefined || own.sequence < sequence) return false;
      return own.sequence > sequence || own.server === server;
    });
  }

  compare(other: MariadbPosition): PositionOrder {
    const has = this.contains(other);
    const hasUs = other.contains(this);
    if (has && hasUs) return 'equal';
    return has ? 'ahead' : hasUs ? 'behind' : 'diverged';
  }

  /** Number of transactions, domain by domain, that this position is ahead of `other`. */
  distance(other: MariadbPosition): bigint {
    let count = 0n;
    for (const { domain, sequence } of this.#domains.values()) {
      const from = other.#domains.get(domain)?.sequence ?? 0n;
      if (sequence > from) count += sequence - from;
    }
    return count;
  }

  /** The further of both in each domain. */
  union(other: MariadbPosition): MariadbPosition {
    const domains = new Map(this.#domains);
    for (const gtid of other.#domains.values()) {
      const own = domains.get(gtid.domain);
      if (own === undefined || own.sequence < gtid.sequence) domains.set(gtid.domain, gtid);
    }
    return new MariadbPosition(domains);
  }

  /** The part of it that is in these domains. */
  only(domains: Iterable<number>): MariadbPosition {
    const wanted = new Set(domains);
    return new MariadbPosition(new Map([...this.#domains].filter(([domain]) => wanted.has(domain))));
  }

  /** As the server prints it. */
  toString(): string {
    return this.gtids.map(({ domain, server, sequence }) => `${domain}-${server}-${sequence}`).join(',');
  }

  toJSON(): string {
    return this.toString();
  }
}
