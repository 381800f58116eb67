package adapt

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/connectors/authentik"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access"
)

// People lets the guard verify sessions of the sign-in servers.
type People struct{ Client *authentik.Client }

// Verify tells whose session a token is.
func (p People) Verify(ctx context.Context, token string) (access.Person, error) {
	person, err := p.Client.Verify(ctx, token)
	return access.Person(person), err
}

// Technician finds the technician whose account at the sign-in server it is: the
// one whose User in ERPNext has the same address or name. ERPNext's database takes
// letters with and without accents for the same, so that is compared here again.
func Technician(erp *erpnext.Client) access.Lookup {
	return func(ctx context.Context, p access.Person) (string, error) {
		names := named(p.Email, p.Username)
		if erp == nil || len(names) == 0 {
			return "", nobody()
		}
		found, err := erpnext.List[erpnext.DispatchTechnician](ctx, erp, erpnext.Query{
			Doctype: "Dispatch Technician", Fields: []string{"name", "user"}, Limit: 20,
			Filters: []erpnext.Filter{erpnext.In("user", names...), erpnext.Eq("active", 1)},
		})
		if err != nil {
			return "", fmt.Errorf("looking for the technician of an account: %w", err)
		}
		found = slices.DeleteFunc(found, func(one erpnext.DispatchTechnician) bool {
			return !slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, one.User) })
		})
		if len(found) != 1 { // several are nobody: nobody knows which one he is
			return "", nobody()
		}
		return found[0].Name, nil
	}
}

// Customer finds the customer whose account at the sign-in server it is, by the
// mail address that the server has seen proof of. (Servers that say so of every
// address, as Authentik did until 2025.10, must not be asked about customers: their
// mapping of the scope email has to be corrected first.)
func Customer(erp *erpnext.Client) access.Lookup {
	return func(ctx context.Context, p access.Person) (string, error) {
		if erp == nil || !p.Verified || p.Email == "" {
			return "", nobody()
		}
		found, err := erpnext.CustomersByMail(ctx, erp, p.Email)
		if err != nil {
			return "", fmt.Errorf("looking for the customer of an account: %w", err)
		}
		if len(found) != 1 || bool(found[0].Disabled) {
			return "", nobody()
		}
		return found[0].Name, nil
	}
}

func named(names ...string) (some []string) {
	for _, name := range names {
		if name != "" {
			some = append(some, name)
		}
	}
	return some
}

func nobody() error {
	return hub.Fail(hub.NotFound, "not-found", "Nobody in ERPNext has this account.", nil)
}
