// Package form is what somebody has drawn in DocuSeal's own pages: templates with
// the roles that sign and the fields that they fill in.
package form

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// Template is one that somebody has drawn in DocuSeal's own pages.
type Template struct {
	ID         int64
	Name       string
	ExternalID string
	Roles      []string // who signs, in order
	Fields     []Field
	Archived   bool
}

// Field is a box of a template. Type is text, number, date, checkbox or
// signature; Title is what the signer reads, the name when empty.
type Field struct {
	Name, Title, Type, Role string
	Required                bool
}

// Default are the two of the demo: 1 for commercial quotations, with
// one signer, and 2 for projects, which has a place for the company as well.
func Default() []Template {
	fields := func(role string) []Field {
		return []Field{
			{Name: "quotation", Title: "Soumission", Type: "text", Role: role}, {Name: "customer", Title: "Client", Type: "text", Role: role},
			{Name: "company", Title: "Entreprise", Type: "text", Role: role}, {Name: "valid_till", Title: "Valide jusqu'au", Type: "text", Role: role},
			{Name: "recurring", Title: "Services récurrents", Type: "text", Role: role}, {Name: "one_time", Title: "Frais uniques", Type: "text", Role: role},
			{Name: "monthly_rate", Title: "Mensualité", Type: "text", Role: role}, {Name: "net_total", Title: "Sous-total", Type: "text", Role: role},
			{Name: "grand_total", Title: "Total avec taxes", Type: "text", Role: role},
			{Name: "document_sha256", Title: "Empreinte du document", Type: "text", Role: role},
		}
	}
	sign := func(role string) []Field {
		return []Field{{Name: "Signature", Type: "signature", Role: role, Required: true}, {Name: "Date", Type: "date", Role: role}}
	}
	const client, company = "Client", "Entreprise"
	return []Template{
		{ID: 1, Name: "Soumission commerciale", ExternalID: "commercial", Roles: []string{client}, Fields: slices.Concat(fields(client), sign(client))},
		{
			ID: 2, Name: "Contrat de projet", ExternalID: "project", Roles: []string{client, company},
			Fields: slices.Concat(fields(client), sign(client), sign(company)),
		},
	}
}

// RoleID is the stable uuid of a template's signer.
func RoleID(t Template, role string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, fmt.Appendf(nil, "docusealsim/%d/%s", t.ID, role)).String()
}

const slugLetters = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// Slug is a new secret word for an address.
func Slug() string {
	var text strings.Builder
	raw := make([]byte, 14)
	_, _ = rand.Read(raw) // never fails
	for _, b := range raw {
		text.WriteByte(slugLetters[int(b)%len(slugLetters)])
	}
	return text.String()
}
