package form

// The hash of a job has short names, because every job carries them and most of
// its memory are small fields. They are, by who writes them:
//
// What the job is, written once by put:
//
//	k    kind
//	l    lane, absent when it has none; so with d, cu, nm, m and p
//	d    dedupe key
//	cu   customer it is about
//	nm   name of the document it is about
//	m    what no script needs to know, as JSON (see meta)
//	p    payload
//	q    number in the order of the puts (Stored.Seq)
//	c    when it was put; this and all instants are microseconds since 1970
//
// Where it stands, written by the transitions:
//
//	s    status
//	st   state, the kind's own word
//	n    note
//	due  when it may run; the end of the lease while it runs; its last touch when final
//	u    when it was changed last, absent until then
//	r    result
//
// What is counted; absent is 0:
//
//	f    fence: the claims
//	x    how often it was put once more, so that it was seen x+1 times
//	t    tries since put, release or retry
//
// What the scripts keep for themselves: tokens of calls, by which a call that is
// made a second time is known, and what the last claim and outcome were.
//
//	w    the put that wrote the job; only when the caller chose its id
//	o    the last put that met the job under its dedupe key
//	co   the claim that holds it, or held it last
//	fo   the finish that was told last
//	b    when it was claimed last
//	ac   class of its last attempt
//
// What a script reads of a job to show it is the function row in base.lua: id,
// these fields in this order, attempts. A test compares the two lists.
const (
	atKind = iota
	atLane
	atDedupe
	atStatus
	atState
	atNote
	atDue
	atFence
	atSeenMore
	atTries
	atCreated
	atUpdated
	atSeq
	atCustomer
	atName
	atMeta
	atResult
	atPayload // p, or k once more where the payload is not asked for
	rowLength
)

// rowFields are the names of the fields at those positions.
var rowFields = [rowLength]string{
	atKind:     "k",
	atLane:     "l",
	atDedupe:   "d",
	atStatus:   "s",
	atState:    "st",
	atNote:     "n",
	atDue:      "due",
	atFence:    "f",
	atSeenMore: "x",
	atTries:    "t",
	atCreated:  "c",
	atUpdated:  "u",
	atSeq:      "q",
	atCustomer: "cu",
	atName:     "nm",
	atMeta:     "m",
	atResult:   "r",
	atPayload:  "p",
}
