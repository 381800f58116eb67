// Package keep is what the hub remembers: work in flight and its evidence.
// ERPNext is the record of business; here live the jobs (webhook deliveries,
// outgoing messages, steps of a story), short values with compare-and-set, the
// ring of events, rate allowances and the audit trail.
//
// The package holds the contract (Engine), the types and the one Runner that
// works jobs off. Engines live below it: sqlite (the default, no server) and,
// for several replicas, redis. An engine is right when keeptest.Run passes.
//
// Guarantees, the same for every engine: what Put accepted is on disk before Put
// returns; every accepted job runs at least once; inside a lane one job runs at
// a time, oldest first; a worker that lost its lease can no longer write the
// outcome (fence); nothing is tried for ever, and what gave up is dead and
// listed; an event with a key is appended at most once. A store without room says
// so (hub.Unavailable, store-full, with a time to come back), has nothing half
// written, and goes on by itself when there is room again.
//
// It has no routes and publishes nothing by itself.
package keep

import (
	"context"
	"time"

	"gigafibre.ca/targo-hub/hub"
)

// Errors that every engine returns (test with errors.Is). They explain
// themselves to the edge, so a handler may return them as they are.
var (
	// ErrNotFound says that no job or value has this id or key.
	ErrNotFound = hub.Fail(hub.NotFound, "not-found", "There is no such record.", nil)
	// ErrFence says that the worker's lease was lost: somebody else runs the job now, or it is final.
	ErrFence = hub.Fail(hub.Conflict, "state-conflict", "The lease was lost.", nil)
	// ErrState says that the job's status forbids the change.
	ErrState = hub.Fail(hub.Conflict, "state-conflict", "The status forbids this.", nil)
	// ErrStale says that the value was changed by somebody else since it was read.
	ErrStale = hub.Fail(hub.Conflict, "state-conflict", "The value changed meanwhile.", nil)
	// ErrClosed says that the engine is closed.
	ErrClosed = hub.Fail(hub.Unavailable, "store-unavailable", "The store is closed.", nil)
)

// Late is the error of a call whose context ended before the engine answered.
func Late(ctx context.Context) error {
	return hub.Fail(hub.Timeout, "timeout", "The store did not answer in time.", context.Cause(ctx))
}

// Engine is the whole contract. Users of the package ask for the smaller
// interfaces below, of which it is made.
type Engine interface {
	Queue
	Claims
	Desk
	Lists
	Values
	Ring
	Radio
	Rates
	Trail
	Health
}

// Queue takes work in.
type Queue interface {
	// Put stores a job durably before it returns. When a job of the same kind and
	// dedupe key exists, nothing is stored, its Seen count rises and it is returned
	// with fresh = false. Status must be Pending or Held ("" means Pending); a zero
	// Due means now; an empty ID is made (UUIDv7), one that is taken is ErrState.
	// The order of the puts is the order inside a lane. What does not fit (Job.Fits) is
	// refused. A store that is short of room refuses too (store-full), before there is
	// none left for the outcomes of what it holds already.
	Put(ctx context.Context, job Job) (stored Job, fresh bool, err error)
}

// Claims is the runner's side of the queue.
type Claims interface {
	// Claim hands out up to n due jobs of the kinds, those that are due longest
	// first, marks them running under a lease and raises their fence. Of a lane,
	// whatever its kinds, only the head is handed out: the one that runs, else the
	// pending one that was put first, due or not. A running job whose lease has
	// ended counts as due; who takes it over finds a Lost attempt recorded.
	Claim(ctx context.Context, kinds []string, n int, lease time.Duration) ([]Job, error)
	// Extend prolongs the lease. ErrFence when it was lost: a lease that ended but
	// that nobody took over is not.
	Extend(ctx context.Context, id string, fence int64, lease time.Duration) error
	// Finish records an attempt and where the job goes. ErrFence when the lease was
	// lost, as with Extend. An attempt of class Kept is no try: it leaves Tries as it
	// is, and takes the place of the last attempt when that was Kept as well.
	Finish(ctx context.Context, id string, fence int64, outcome Outcome) error
}

// Desk is what a person (or a neighbouring step) may do to a job.
type Desk interface {
	// Change moves a job by hand: Release (held → pending, at once), Hold (pending →
	// held), Retry (dead, cancelled or done → pending, attempts kept, at once),
	// Cancel (held or pending → cancelled), Hurry (pending stays so, but is due at once). Release, Retry and
	// Hurry count tries anew. The reason (at most NoteMax) is kept as the job's note. ErrState when the status forbids it.
	Change(ctx context.Context, id string, action Action, reason string) (Job, error)
	// Settle changes the state and note (those that are not empty) of a finished or held job from
	// outside: a provider's call-back that says a message was delivered. ErrState while it is pending or runs.
	Settle(ctx context.Context, id, state, note string) (Job, error)
	// Prune deletes final jobs of a kind (all kinds when "") that were last touched before the
	// instant, at most limit; it returns how many.
	Prune(ctx context.Context, kind string, before time.Time, limit int) (int, error)
}

// Lists reads jobs.
type Lists interface {
	// Job returns one job with its payload. ErrNotFound.
	Job(ctx context.Context, id string) (Job, error)
	// Jobs returns a page of jobs without their payloads, the newest put first, and the cursor of the
	// next page ("" at the end).
	Jobs(ctx context.Context, filter Filter) (page []Job, next string, err error)
	// Counts returns how many jobs each kind has in each status (nothing where there are none), and
	// how long the oldest pending one has been due.
	Counts(ctx context.Context) ([]Count, error)
}

// Values are small values with an optional end.
type Values interface {
	// Value returns the bytes under the key and their version. ErrNotFound when there are none or they have ended.
	Value(ctx context.Context, key string) (value []byte, version int64, err error)
	// Swap writes the value if the version is still the one read (0 = must not exist; AnyVersion = whatever
	// it is) and returns the new version, higher than any the key had before. A zero ttl keeps it for
	// ever: for what is bounded by its use. ErrStale otherwise. A value that has ended is as none. More
	// than ValueMax is refused (hub.TooLarge).
	Swap(ctx context.Context, key string, version int64, value []byte, ttl time.Duration) (int64, error)
	// Drop deletes the value; it is no error when there is none.
	Drop(ctx context.Context, key string) error
}

// ValueMax is how many bytes a value may have.
const ValueMax = 1 << 20

// AnyVersion lets Swap overwrite whatever is there.
const AnyVersion int64 = -1

// Ring is the memory of events, for listeners that come back.
type Ring interface {
	// Append stores the events in order and returns them with ids and instants (now, unless given). An
	// event whose key was appended in the last 30 days comes back with the first one's id and instant
	// and is not stored again.
	Append(ctx context.Context, events ...hub.Event) ([]hub.Event, error)
	// Read returns up to n events with an id above after, oldest first, of the topics (all when none), and
	// from which id on nothing of these topics was forgotten (0 when there was nothing yet): a listener
	// whose after is below oldest-1 may have missed some. Keys are not read back.
	Read(ctx context.Context, after int64, n int, topics ...hub.Topic) (events []hub.Event, oldest int64, err error)
	// Last returns the id of the newest event, 0 when there was none.
	Last(ctx context.Context) (int64, error)
}

// Radio carries messages that may be lost: positions, and the wake-up calls
// that save the runner and the live streams from polling.
type Radio interface {
	// Publish hands the message to those who listen now, on every replica.
	Publish(ctx context.Context, channel string, message []byte) error
	// Subscribe listens until ctx ends or the engine is closed; then the channel is closed. It is closed
	// as well when messages may have been lost in between (a connection broke): the listener subscribes
	// again and looks for itself. A slow listener loses the oldest messages (at least the last 16 wait
	// for it), never blocks the sender.
	Subscribe(ctx context.Context, channel string) (<-chan []byte, error)
}

// The channels on which engines ring by themselves.
const (
	WakeJobs   = "wake:jobs"   // a job became due (message: its kind)
	WakeEvents = "wake:events" // events were appended (message: the last id in decimal)
)

// Rates meters (GCRA).
type Rates interface {
	// Allow takes one from the allowance of the key: burst at once, then one per period/burst. When the
	// allowance is spent it returns false and how long to wait. Allowances outlive a restart.
	Allow(ctx context.Context, key string, burst int, period time.Duration) (ok bool, wait time.Duration, err error)
}

// Trail is the audit: who did what to which document, when. It is append-only.
type Trail interface {
	// Audit stores the record durably. An empty ID is made, a zero At means now.
	Audit(ctx context.Context, record Record) error
	// Audits returns a page of records, newest first, and the cursor of the next page.
	Audits(ctx context.Context, filter AuditFilter) (page []Record, next string, err error)
}

// Health looks after the engine itself.
type Health interface {
	// Check says whether the store can be written now.
	Check(ctx context.Context) error
	// Backup writes a consistent copy to the path while the hub runs, where the engine can.
	Backup(ctx context.Context, path string) error
	// Close waits for what was accepted and closes. Afterwards every call returns ErrClosed.
	Close() error
}
