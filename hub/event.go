package hub

import (
	"encoding/json"
	"time"
)

// Topic groups events that a listener asks for together.
type Topic string

// The topics of GET /events.
const (
	TopicJobs       Topic = "jobs"
	TopicQuotations Topic = "quotations"
	TopicMessages   Topic = "messages"
	TopicNetwork    Topic = "network"
	TopicInbox      Topic = "inbox"
	TopicFlows      Topic = "flows"
	TopicDocuments  Topic = "documents"
	TopicSchedule   Topic = "schedule"
)

// Topics lists every topic, in the order in which they are documented.
func Topics() []Topic {
	return []Topic{
		TopicJobs, TopicQuotations, TopicMessages, TopicNetwork, TopicInbox, TopicFlows, TopicDocuments, TopicSchedule,
	}
}

// The names of events: noun.past-verb. The two old names that clients hold are
// kept byte-exact.
const (
	QuotationSent         = "quotation.sent"         // a signing link exists: {quotation, track, customer}
	QuotationAccepted     = "quotation.accepted"     // signed: {quotation, track, customer, contract}
	QuotationDeclined     = "quotation.declined"     // the customer said no: {quotation, customer}
	JobCreated            = "job.created"            // a Dispatch Job was filed: {job, subject, scheduled_date, assigned_group, depends_on}
	JobClaimed            = "job-claimed"            // {job, technician, group, at}
	JobUnblocked          = "job-unblocked"          // {job, unblocked_by, at}
	JobMoved              = "job.moved"              // {job, from, to, technician, group, at}; no from when the hub did not know the job before
	JobDeleted            = "job.deleted"            // its chain was closed behind it: {job, rechained, unblocked}
	JobAssigned           = "job.assigned"           // given to somebody, taken back, or moved: {job, kind, technician, group, status, scheduled_date, start_time, by, at}
	JobPresence           = "job.presence"           // a dispatcher is about to assign it: {job, actor, doing, until}
	JobsPublished         = "jobs.published"         // technicians were told of their days: {jobs, technicians, from, to, by}
	JobArrived            = "job.arrived"            // the technician's device is at the place: {job, technician, at}
	JobLeft               = "job.left"               // and is no more: {job, technician, at, arrived_at}
	JobConflict           = "job.conflict"           // a technician's change met another one: {job, technician, mutation, kind, code, at}
	EquipmentMoved        = "equipment.moved"        // a device changed hands on a visit: {equipment, old, action, job, customer, location, technician, at}
	EffectDied            = "effect.died"            // what a move leads to was given up: {job, effect, reason}
	MessageQueued         = "message.queued"         // {message, channel, status}
	MessageHeld           = "message.held"           // the gate kept it: {message, channel, reason}
	MessageSent           = "message.sent"           // handed to the provider: {message, channel}
	MessageDelivered      = "message.delivered"      // the carrier or the mail server has it: {message, channel, status}
	MessageBounced        = "message.bounced"        // a mail came back: {message, channel, status, reason}
	MessageFailed         = "message.failed"         // refused, given up or not delivered: {message, channel, reason}
	MessageReceived       = "message.received"       // somebody wrote to us: {message, channel, status, customer, issue, communication, conversation}
	ConversationTaken     = "conversation.assigned"  // a person said whose texts they are: {conversation, customer, texts, by}
	DeliveryTaken         = "delivery.taken"         // a webhook was worked off: {delivery, source}
	DeliveryDied          = "delivery.died"          // a webhook was given up: {delivery, source, reason}
	DeliveryRecovered     = "delivery.recovered"     // a webhook was lost, its sender was asked: {delivery, source, envelope}
	DocumentChanged       = "document.changed"       // ERPNext has a new state of it: {doctype, name, modified, status, docstatus, customer, source}
	DocumentDeleted       = "document.deleted"       // {doctype, name, source}
	DocumentsChanged      = "documents.changed"      // many at once, read the list again: {doctype, count}
	ContractTerminated    = "contract.terminated"    // {contract, customer, date, invoice, subscriptions}
	OrphansFound          = "orphans.found"          // what does not fit together, by night: {run, found, repaired, failed, counts}
	SubscriptionActivated = "subscription.activated" // {subscription, contract, customer, location, start_date, invoice, job}
	SubscriptionSuspended = "subscription.suspended" // {subscription, contract, customer, on, until}
	SubscriptionRestored  = "subscription.restored"  // {subscription, contract, customer}
	SubscriptionChanged   = "subscription.changed"   // another plan: {subscription, contract, customer, plan_name, monthly_price, on}
	SubscriptionCancelled = "subscription.cancelled" // {subscription, contract, customer, on}
	ChangePlanned         = "change.planned"         // something is to happen on a day: {change, kind, contract, subscription, on}
	ChangeCancelled       = "change.cancelled"       // it is not: {change, kind, contract, subscription, on}
	ChangeFailed          = "change.failed"          // the day came, and it could not be: {change, kind, contract, subscription, on, reason}
	TaskFailed            = "task.failed"            // a scheduled task begins to fail: {task, run, reason}
	TaskRecovered         = "task.recovered"         // {task, run}
)

// Event is a piece of news: nice to know, nobody waits for it.
type Event struct {
	ID    int64           `json:"id"`    // its place in the ring, rising; 0 until appended
	Topic Topic           `json:"topic"` // who wants to know
	Name  string          `json:"name"`  // noun.past-verb
	Key   string          `json:"-"`     // when set, the event is appended at most once
	At    time.Time       `json:"at"`    // UTC
	Data  json.RawMessage `json:"data"`  // a JSON object without secrets
}

// NewEvent makes an event. key may be empty; with a key the same event cannot
// be appended twice. data must marshal to a JSON object.
func NewEvent(topic Topic, name, key string, data any) Event {
	raw, err := json.Marshal(data)
	if err != nil {
		raw = []byte("{}")
	}
	return Event{Topic: topic, Name: name, Key: key, Data: raw}
}
