package bill

import (
	"errors"

	"gigafibre.ca/targo-hub/config"
)

// Validate reports every mistake.
func (c Config) Validate() error {
	var wrong []error
	for _, must := range []struct{ key, value string }{
		{"company", c.Company}, {"income_account", c.IncomeAccount}, {"tps_account", c.TPSAccount}, {"tvq_account", c.TVQAccount}, {"uom", c.UOM},
	} {
		if must.value == "" {
			wrong = append(wrong, config.Wrong(must.key, "must not be empty"))
		}
	}
	if c.TPSAccount != "" && c.TPSAccount == c.TVQAccount {
		wrong = append(wrong, config.Wrong("tvq_account", "must differ from tps_account: the two taxes are paid to different governments"))
	}
	if c.DueDays < 0 || c.DueDays > 365 {
		wrong = append(wrong, config.Wrong("due_days", "must be from 0 to 365"))
	}
	return errors.Join(wrong...)
}
