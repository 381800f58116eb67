package exception

// StatusOf is the HTTP status of a class in a JSON answer.
func StatusOf(class string) int {
	if status, ok := own[class]; ok {
		return status
	}
	if _, ok := foreign[class]; ok {
		return 500
	}
	return 417 // ValidationError and all that derive from it
}

// own lists the classes with a status of their own. It is never changed.
var own = map[string]int{
	"CSRFTokenError": 400, "InvalidAuthorizationHeader": 400, "InvalidAuthorizationPrefix": 400,
	"InvalidAuthorizationToken": 400,
	"ClientDisconnected":        400,
	"AuthenticationError":       401, "SessionExpired": 401, "InvalidKeyError": 401,
	"PermissionError":   403,
	"DoesNotExistError": 404, "PageDoesNotExistError": 404, "NotFound": 404,
	"MethodNotAllowed": 405, "Forbidden": 403, "RequestedRangeNotSatisfiable": 416,
	"FrappeValueError": 417,
	"NameError":        409, "DuplicateEntryError": 409,
	"LinkExpired":           410,
	"RequestEntityTooLarge": 413,
	"UnsupportedMediaType":  415,
	"TooManyRequestsError":  429, "RateLimitExceededError": 429,
	"QueryDeadlockError": 500, "QueryTimeoutError": 500, "TooManyWritesError": 500, "SecurityException": 500,
	"FileAlreadyAttachedException": 500, "SessionBootFailed": 500,
	"OutgoingEmailError": 501,
	"SessionStopped":     503, "InReadOnlyMode": 503, "ServiceUnavailableError": 503, "QueueOverloaded": 503,
}

// foreign lists classes that are not Frappe's own, with their module: always 500,
// except the few that own names. It is never changed.
var foreign = map[string]string{
	"TypeError": "", "KeyError": "", "AttributeError": "", "ValueError": "", "ImportError": "",
	"ModuleNotFoundError": "", "AssertionError": "", "OSError": "", "IndexError": "", "UnboundLocalError": "",
	"JSONDecodeError":  "json.decoder",
	"ParserError":      "dateutil.parser._parser",
	"OperationalError": "pymysql.err", "ProgrammingError": "pymysql.err", "IntegrityError": "pymysql.err",
	"DataErrorDriver":      "pymysql.err",
	"SerializationFailure": "psycopg2.errors", "DeadlockDetected": "psycopg2.errors", "LockNotAvailable": "psycopg2.errors",
	"UndefinedFunction": "psycopg2.errors", "GroupingError": "psycopg2.errors",
	"MethodNotAllowed": "werkzeug.exceptions", "NotFound": "werkzeug.exceptions", "Forbidden": "werkzeug.exceptions",
	"RequestEntityTooLarge": "werkzeug.exceptions", "RequestedRangeNotSatisfiable": "werkzeug.exceptions",
	"ClientDisconnected": "werkzeug.exceptions",
	"FrappeValueError":   "frappe.api.v2",
}
