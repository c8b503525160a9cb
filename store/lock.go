package store

// The advisory locks, by which processes agree who does what. Each has a
// number of its own, which stays: during a roll-out two versions agree too.
// A lock that is shared by two purposes would have the one wait for the other.
const (
	// migrateLock is the one under which the schema changes: of many that
	// start at once one migrates and the others wait, and a killed one leaves
	// nothing locked.
	migrateLock = 7_226_001 + iota
	// batchLock is held shared by every transaction that writes journeys, from
	// its start: what must happen between batches takes it alone. Unlike a
	// lock on a row it is fair: a steady stream of batches cannot keep the
	// other waiting for ever.
	batchLock
	// foldLock is that of the one process that folds.
	foldLock
	// partitionLock is the one under which one process at a time makes
	// partitions; who waited finds the partition there.
	partitionLock
	// splitLock is that of the one process that splits.
	splitLock
	// retentionLock is that of the one process that gives up what is too old.
	retentionLock
	// journeyLock is that of the one process that exports journeys as traces.
	journeyLock
	// replayLock is that of the one process that sends dead letters again.
	replayLock
)
