package mailjet

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/hub"
)

// refused is the failure of a message that Mailjet has looked at and not taken.
func (c *Client) refused(op string, reply connectors.Reply, f fault) *connectors.Error {
	e := c.kit.Local(op, errors.New("the message was refused"))
	e.Status, e.Code, e.Body = reply.Status, f.Code, reply.Body
	if f.Status != 0 {
		e.Status = f.Status
	}
	e.Temporary = e.Status >= 500 || e.Status == http.StatusTooManyRequests
	e.Reason = Reason(f.Code, hub.English)
	if e.Status == http.StatusTooManyRequests {
		e.RetryAfter = time.Minute
	}
	return e
}

// explained adds Mailjet's code and its meaning to an answer that is about the
// whole call.
func explained(err error) error {
	e, ok := connectors.AsError(err)
	if !ok || e.Status < 400 {
		return err
	}
	var f fault
	if json.Unmarshal(e.Body, &f) != nil || f.Code == "" {
		return err
	}
	e.Code, e.Reason = f.Code, Reason(f.Code, hub.English)
	return err
}

// Reason says what an error code of Mailjet means, in one clause.
func Reason(code string, lang hub.Lang) string {
	for _, r := range reasons {
		if r.code == code {
			if lang == hub.English {
				return r.en
			}
			return r.fr
		}
	}
	if lang == hub.English {
		return "Mailjet refused the message"
	}
	return "Mailjet a refusé le message"
}

var reasons = [...]struct{ code, fr, en string }{
	{"mj-0001", "la clé d'API est suspendue", "the API key is suspended"},
	{"mj-0002", "la demande est illisible", "the request cannot be read"},
	{"mj-0003", "il manque une propriété obligatoire", "a mandatory property is missing"},
	{"mj-0004", "une propriété a le mauvais type", "a property has the wrong type"},
	{"mj-0005", "une valeur n'est pas permise", "a value is not allowed"},
	{"mj-0006", "une valeur est trop longue", "a value is too long"},
	{"mj-0007", "une liste est vide", "a list is empty"},
	{"mj-0008", "une liste a trop d'éléments", "a list has too many elements"},
	{"mj-0011", "le message est trop gros", "the message is too large"},
	{"mj-0012", "un texte est vide", "a text is empty"},
	{"mj-0013", "l'adresse du destinataire n'est pas valide", "the recipient's address is not valid"},
	{"mj-0015", "les identifiants Mailjet sont refusés", "the Mailjet credentials are refused"},
	{"send-0003", "le message n'a pas de contenu", "the message has no content"},
	{"send-0004", "le contenu est donné deux fois", "the content is given twice"},
	{"send-0006", "l'expéditeur (Sender) n'est pas permis", "the Sender is not allowed"},
	{"send-0007", "l'expéditeur (Sender) n'est pas permis", "the Sender is not allowed"},
	{"send-0008", "l'adresse de l'expéditeur n'est pas autorisée chez Mailjet", "the sender's address is not authorised at Mailjet"},
	{"send-0010", "le gabarit n'appartient pas au compte", "the template does not belong to the account"},
	{"send-0011", "un en-tête n'est pas permis", "a header is not allowed"},
	{"send-0015", "il y a trop de destinataires", "there are too many recipients"},
}

// sendAnswer is the answer to a sending, or the parts of it that we can use.
type sendAnswer struct {
	Messages []struct {
		Status string `json:"Status"`
		To     []struct {
			ID   int64  `json:"MessageID"`
			UUID string `json:"MessageUUID"`
		} `json:"To"`
		Errors []fault `json:"Errors"`
	} `json:"Messages"`
}

// fault is an error, of one message or of the whole call.
type fault struct {
	Code   string `json:"ErrorCode"`
	Status int    `json:"StatusCode"`
}
