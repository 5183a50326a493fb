/**
 * ER_MTA_INCONSISTENT_DATA: the applier was killed while its workers had the beginning of a transaction. They have rolled it
 * back; started again it goes on at the same place.
 */
export const STOPPED_IN_GROUP = 1756;
