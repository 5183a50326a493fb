import type { Severity } from '../config/types';
import type { Verdict } from '../engine/checks/types';
import type { ReplicaChannel } from '../engine/mysql/types';
import type { ServerStatus } from '../engine/topology/types';
import type { Message } from '../l10n/message';
import { msg } from '../l10n/message';

export const SEVERITY_WORDS: Readonly<Record<Severity, Message>> = {
  error: msg('error'),
  warning: msg('warning'),
  information: msg('info'),
  hint: msg('hint'),
};

export const VERDICT_WORDS: Readonly<Record<Verdict, Message>> = {
  ok: msg('ok'),
  warning: msg('warning'),
  failed: msg('FAILED'),
};

export const THREAD_WORDS: Readonly<Record<ReplicaChannel['receiver'], Message>> = {
  running: msg('running'),
  connecting: msg('connecting'),
  stopped: msg('stopped'),
};

/** As MHA puts it behind a server; nothing behind a living one. */
export const STATUS_NOTES: Readonly<Record<Exclude<ServerStatus, 'alive'>, Message>> = {
  dead: msg('(dead)'),
  hung: msg('(hung)'),
  refusing: msg('(refusing)'),
  unreachable: msg('(unreachable)'),
};
