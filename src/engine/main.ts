/** What the faces use of the engine: the entry of its bundle, loaded on first use. */
export { checkReplication, type LoadedConfiguration, type ReplicationCheckOptions } from './checks/replicationCheck';
export { checkSsh } from './checks/sshCheck';
export { secondaryCheck } from './monitor/secondaryCheck';
export { connectServer } from './topology/connectServer';
export { discover } from './topology/discover';
export { analyse } from './topology/analyse';
export { failover } from './operations/failover';
export { prepareFailover } from './operations/prepareFailover';
export { unfinishedFailover } from './operations/resume';
export { runManager } from './monitor/runManager';
