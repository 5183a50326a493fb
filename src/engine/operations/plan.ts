import type { Message } from '../../l10n/message';

/** What can be done to a cluster. */
export type OperationKind = 'failover' | 'switch' | 'rejoin' | 'purge';

/** In the order in which people read about them. MHA numbers them 1 (check) to 5 (cleanup). */
export type Phase = 'check' | 'fence' | 'recover' | 'promote' | 'repoint' | 'cleanup';

/**
 * One step of an operation, as data: what will be done, and where. The same value is the dry run, the preview before the
 * question, the journal's index and the test's expectation.
 */
export interface Step<Kind extends string = string> {
  /** Unique in the plan: `stop-receiver:server2`. */
  readonly id: string;
  readonly kind: Kind;
  readonly phase: Phase;
  /** Steps of one stage run at the same time; stages run one after the other, in ascending order. */
  readonly stage: number;
  /** Id of the server that it is done to; absent: the cluster, or this machine. */
  readonly server?: string;
  readonly title: Message;
  /** The statements or command lines, in order, as far as they are known beforehand. Secrets are masked. */
  readonly does: readonly string[];
  /** What takes it back, as long as the point of no return is not passed; absent: nothing needs to be. */
  readonly undo?: readonly string[];
  /** From here on the operation goes forward only. */
  readonly pointOfNoReturn?: true;
  /** A failure ends the operation; of other steps it is recorded and left to do. */
  readonly vital: boolean;
}

/** An operation as a value. `facts` are what the operation's own planner needs to tell. */
export interface Plan<Kind extends string = string> {
  readonly operation: OperationKind;
  readonly cluster: string;
  readonly steps: readonly Step<Kind>[];
}
