package schema

// The tracks are also the types of contracts and the customer groups.
const (
	Residential = "Résidentiel"
	Commercial  = "Commercial"
	Project     = "Projet"

	SignedByLink     = "JWT"
	SignedByDocuSeal = "DocuSeal"
	SignedInPerson   = "In person"

	BilledMonthly    = "Monthly"
	BilledQuarterly  = "Quarterly"
	BilledSemiAnnual = "Semi-annual"
	BilledAnnual     = "Annual"
	BilledOnce       = "One-time"

	ContractDraft      = "Brouillon"
	ContractSent       = "Envoyé"
	ContractSigned     = "Signé"
	ContractActive     = "Actif"
	ContractCompleted  = "Complété"
	ContractTerminated = "Résilié"

	StatusPending   = "En attente"
	StatusActive    = "Actif"
	StatusSuspended = "Suspendu"
	StatusCancelled = "Annulé"
)

// Values of a Dispatch Job, in English like the dispatch board. A job on hold
// waits for its predecessors.
const (
	JobOpen       = "Open"
	JobAssigned   = "Assigned"
	JobScheduled  = "Scheduled"
	JobEnRoute    = "En Route"
	JobInProgress = "In Progress"
	JobPaused     = "Paused"
	JobOnHold     = "On Hold"
	JobCompleted  = "Completed"
	JobCancelled  = "Cancelled"

	PriorityLow    = "low"
	PriorityMedium = "medium"
	PriorityHigh   = "high"
	PriorityUrgent = "urgent"
)

// The built-in templates of a contract's installation.
const (
	InstallFiber    = "fiber_install"
	InstallPhone    = "phone_service"
	InstallMove     = "move_service"
	InstallRepair   = "repair_service"
	InstallSingle   = "test_single"
	InstallParallel = "test_parallel"
)

// JobTypes are the values of Dispatch Job's job_type.
func JobTypes() []string {
	return []string{"Installation", "Repair", "Maintenance", "Removal", "Move", "TV", "Telephony", "Survey"}
}

// EquipmentTypes are the values of Service Equipment's equipment_type.
func EquipmentTypes() []string {
	return []string{"ONT", "Modem", "Router", "TV Box", "IP Phone", "Switch", "AP/Mesh", "Battery", "Other"}
}

// rhythm is how often a line is billed; "" is for what nobody said it of.
func rhythm() group {
	return pick("custom_billing_frequency", "", BilledMonthly, BilledQuarterly, BilledSemiAnnual, BilledAnnual, BilledOnce)
}

// Where a device is in its life.
const (
	EquipmentInventory = "inventory"
	EquipmentActive    = "active"
	EquipmentDefective = "defective"
	EquipmentReturned  = "returned"
	EquipmentScrapped  = "scrapped"
)

// What a visit does to a device.
const (
	EquipmentInstalled = "installed"
	EquipmentRemoved   = "removed"
	EquipmentReplaced  = "replaced"
)

// What a line of a device's history says.
const (
	MoveInstall  = "install"
	MoveRemove   = "remove"
	MoveSwapOut  = "swap_out"
	MoveSwapIn   = "swap_in"
	MoveReturn   = "return"
	MoveTransfer = "transfer"
	MoveDefect   = "defect"
	MoveScrap    = "scrap"
)

// The kinds of what was granted with a contract; the law treats them
// differently at its end.
const (
	BenefitGoods   = "goods_rebate"
	BenefitService = "service_discount"
	BenefitInstall = "install_waiver"
	BenefitGift    = "gift"
)

// PhotoKinds are the values of a job photo's kind.
func PhotoKinds() []string { return []string{"before", "after", "label", "signature", "other"} }

// MaterialIssue is the movement of stock that uses it up.
const MaterialIssue = "Material Issue"

// The states of a request of a customer that is done with.
const (
	IssueResolved = "Resolved"
	IssueClosed   = "Closed"
)
