import { EngineError } from '../errors';

/** A GTID text that cannot be read. `offset` is where, in UTF-16 units. */
export class GtidError extends EngineError {
  constructor(
    readonly input: string,
    readonly offset: number,
  ) {
    super('GTID_SYNTAX', `not a GTID set at character ${offset + 1}: ${input.slice(offset, offset + 40)}`);
  }
}

/** Inclusive. Sequence numbers go to 2^63 - 2: beyond what a `number` can tell apart. */
interface Interval {
  readonly first: bigint;
  readonly last: bigint;
}

/** `uuid` or `uuid:tag`, lower case -> sorted, disjoint intervals that do not touch. Never an empty list. */
type Intervals = ReadonlyMap<string, readonly Interval[]>;

const MAX = (1n << 63n) - 2n;

/** Joins intervals that overlap or touch. Sorts its argument. */
function normalise(intervals: Interval[]): Interval[] {
  intervals.sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const joined: Interval[] = [];
  for (const next of intervals) {
    const previous = joined[joined.length - 1];
    if (previous && next.first <= previous.last + 1n) {
      if (next.last > previous.last) joined[joined.length - 1] = { first: previous.first, last: next.last };
    } else joined.push(next);
  }
  return joined;
}

/** What of `a` is not in `b`; both sorted and disjoint. */
function subtractIntervals(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  const left: Interval[] = [];
  let j = 0;
  for (const { first, last } of a) {
    let from = first;
    while (j < b.length && (b[j] as Interval).last < from) j++;
    for (let k = j; k < b.length && (b[k] as Interval).first <= last; k++) {
      const hole = b[k] as Interval;
      if (hole.first > from) left.push({ first: from, last: hole.first - 1n });
      if (hole.last >= from) from = hole.last + 1n;
    }
    if (from <= last) left.push({ first: from, last });
  }
  return left;
}

/**
 * A set of MySQL's global transaction ids, with tags (8.3). Immutable.
 * https://dev.mysql.com/doc/refman/9.0/en/replication-gtids-concepts.html
 */
export class GtidSet {
  static readonly empty = new GtidSet(new Map());

  readonly #intervals: Intervals;

  private constructor(intervals: Intervals) {
    this.#intervals = intervals;
  }

  /**
   * Reads what servers print and what they take: any order, white space, overlapping intervals, empty list entries,
   * `uuid:1-3:5:tag:7-9`. An interval that ends before it begins is empty. Throws GtidError.
   */
  static parse(text: string): GtidSet {
    return new GtidSet(parseIntervals(text));
  }

  get isEmpty(): boolean {
    return this.#intervals.size === 0;
  }

  /** Number of transactions. */
  get count(): bigint {
    let count = 0n;
    for (const intervals of this.#intervals.values())
      for (const { first, last } of intervals) count += last - first + 1n;
    return count;
  }

  /** UUIDs of the servers whose transactions are in the set, lower case, sorted, without tags. */
  get uuids(): string[] {
    return [...new Set([...this.#intervals.keys()].map(key => key.slice(0, 36)))].sort();
  }

  union(other: GtidSet): GtidSet {
    if (other.isEmpty) return this;
    if (this.isEmpty) return other;
    const result = new Map(this.#intervals);
    for (const [key, intervals] of other.#intervals) {
      const own = result.get(key);
      result.set(key, own ? normalise([...own, ...intervals]) : intervals);
    }
    return new GtidSet(result);
  }

  /** What is in this set and not in `other`: GTID_SUBTRACT(this, other). */
  subtract(other: GtidSet): GtidSet {
    const result = new Map<string, readonly Interval[]>();
    for (const [key, intervals] of this.#intervals) {
      const holes = other.#intervals.get(key);
      const left = holes ? subtractIntervals(intervals, holes) : intervals;
      if (left.length > 0) result.set(key, left);
    }
    return new GtidSet(result);
  }

  intersect(other: GtidSet): GtidSet {
    return this.subtract(this.subtract(other));
  }

  /** Whether every transaction of `other` is in this set: GTID_SUBSET(other, this). */
  contains(other: GtidSet): boolean {
    return other.subtract(this).isEmpty;
  }

  equals(other: GtidSet): boolean {
    return this.#intervals.size === other.#intervals.size && this.toString() === other.toString();
  }

  /** The part that was written by the servers of these UUIDs, whatever its tags. */
  from(uuids: Iterable<string>): GtidSet {
    const wanted = new Set([...uuids].map(uuid => uuid.toLowerCase()));
    return new GtidSet(new Map([...this.#intervals].filter(([key]) => wanted.has(key.slice(0, 36)))));
  }

  /** As servers print it (sorted by UUID, then by tag), without line breaks. */
  toString(): string {
    const parts: string[] = [];
    let lastUuid = '';
    for (const key of [...this.#intervals.keys()].sort()) {
      const uuid = key.slice(0, 36);
      const tag = key.slice(37);
      const list = (this.#intervals.get(key) as readonly Interval[])
        .map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`))
        .join(':');
      const tagged = tag === '' ? list : `${tag}:${list}`;
      if (uuid === lastUuid) parts[parts.length - 1] += `:${tagged}`;
      else parts.push(`${uuid}:${tagged}`);
      lastUuid = uuid;
    }
    return parts.join(',');
  }

  toJSON(): string {
    return this.toString();
  }
}

const UUID =
  /\s*(?:([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})|([0-9a-f]{32})|\{([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\})\s*/iy;
const TAG = /:\s*([a-z_][a-z0-9_]{0,31})\s*(?=[:,]|$)/iy;
const INTERVAL = /:\s*(\d{1,64})\s*(?:-\s*(\d{1,64})\s*)?(?=[:,]|$)/y;
const SEPARATOR = /(?:\s*,)+\s*|\s*$/y;

/** Accepts what the server's own parser accepts (tried on 9.7), e.g. a UUID or a tag without an interval. */
function parseIntervals(text: string): Intervals {
  const found = new Map<string, Interval[]>();
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at = pattern.lastIndex;
    return match;
  };
  take(SEPARATOR);
  while (at < text.length) {
    const uuid = canonical(take(UUID));
    if (uuid === undefined) throw new GtidError(text, at);
    let key = uuid;
    while (text[at] === ':') {
      const tag = take(TAG)?.[1]?.toLowerCase();
      if (tag !== undefined) {
        key = `${uuid}:${tag}`;
        continue;
      }
      const start = at;
      const interval = intervalOf(take(INTERVAL));
      if (interval === undefined) throw new GtidError(text, start);
      if (interval.last < interval.first) continue;
      const list = found.get(key);
      if (list) list.push(interval);
      else found.set(key, [interval]);
    }
    if (!take(SEPARATOR)) throw new GtidError(text, at);
  }
  for (const [key, intervals] of found) found.set(key, normalise(intervals));
  return found;
}

function canonical(match: RegExpExecArray | null): string | undefined {
  if (!match) return undefined;
  const [, plain, bare, braced] = match;
  const uuid = plain ?? braced ?? bare?.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return uuid?.toLowerCase();
}

function intervalOf(match: RegExpExecArray | null): Interval | undefined {
  if (!match) return undefined;
  const first = BigInt(match[1] as string);
  const last = match[2] === undefined ? first : BigInt(match[2]);
  return first < 1n || first > MAX || last > MAX ? undefined : { first, last };
}
