package fee

import (
	"strconv"

	"gigafibre.ca/targo-hub/hub"
)

// Explain says in sentences how the fee came about.
func (f Fee) Explain(lang hub.Lang) []string {
	say := func(fr, en string) string {
		if lang == hub.English {
			return en
		}
		return fr
	}
	money := func(m hub.Money) string { return m.In(lang) }
	switch {
	case f.NoTerm:
		return []string{say("Contrat sans durée : aucuns frais de résiliation.", "Contract without a term: no termination fee.")}
	case f.Ended:
		return []string{say("Le terme du contrat est passé : aucuns frais de résiliation.", "The term of the contract is over: no termination fee.")}
	}
	total, elapsed, remaining := strconv.Itoa(f.Total), strconv.Itoa(f.Elapsed), strconv.Itoa(f.Remaining)
	lines := []string{say(
		"Mois écoulés : "+elapsed+" sur "+total+"; le mois commencé compte comme écoulé. Il en reste "+remaining+".",
		"Months elapsed: "+elapsed+" of "+total+"; a month that has begun counts as elapsed. "+remaining+" are left.")}
	if f.NotYet {
		lines = append(lines, say("Le service n'a pas commencé à cette date.", "The service has not begun on that day."))
	}
	if f.Track != Residential {
		return append(lines, append([]string{
			say("Mensualités restantes : "+money(f.CommercialLeft)+".", "Monthly payments left: "+money(f.CommercialLeft)+"."),
			say("Avantages non amortis : "+money(f.FeeBenefits)+".", "Benefits not yet recovered: "+money(f.FeeBenefits)+"."),
			say("Total : "+money(f.FeeTotal)+".", "Total: "+money(f.FeeTotal)+"."),
		}, f.taxed(say)...)...)
	}
	return append(append(lines, f.protection(say, money)...), f.taxed(say)...)
}

// protection explains the ceiling of the law and what stays under it.
func (f Fee) protection(say func(fr, en string) string, money func(hub.Money) string) []string {
	lines := []string{say(
		"Sans rabais sur un bien, le maximum légal est le moindre de 50 $ et de 10 % du prix des services non fournis : "+money(f.NoGoodsCap)+".",
		"Without a rebate on goods the legal maximum is the lesser of $50 and 10% of the price of services not yet supplied: "+money(f.NoGoodsCap)+".")}
	if f.GoodsRebated {
		lines = []string{say(
			"Rabais sur un bien : il en reste "+money(f.GoodsResidual)+", ce qui est le maximum légal.",
			"Rebate on goods: "+money(f.GoodsResidual)+" is left of it, which is the legal maximum.")}
	}
	lines = append(lines,
		say("Les promotions et les cadeaux ne sont pas repris.", "Promotions and gifts are not taken back."),
		say("Solde de l'installation financée : "+money(f.InstallBalance)+".", "Open balance of the financed installation: "+money(f.InstallBalance)+"."))
	if f.Capped {
		lines = append(lines, say("Le maximum légal s'applique.", "The legal maximum applies."))
	}
	if f.InstallDue.IsPositive() {
		lines = append(lines, say("Ce solde est une dette distincte des frais de résiliation.", "That balance is a debt apart from the termination fee."))
	}
	if f.LegalCap != nil && f.LegalCap.IsPositive() && f.Due().IsZero() && f.InstallBalance.IsZero() { // a maximum that is named alone would be quoted as the fee
		lines = append(lines, say("Rien d'autre n'est dû : seul le solde d'une installation financée est réclamé.",
			"Nothing else is owed: only the open balance of a financed installation is asked for."))
	}
	return append(lines, say("Frais de résiliation : "+money(f.FeeTotal)+".", "Termination fee: "+money(f.FeeTotal)+"."))
}

// taxed says that the amounts are not yet what is paid.
func (f Fee) taxed(say func(fr, en string) string) []string {
	if !f.Due().IsPositive() {
		return nil
	}
	return []string{say("Montants avant taxes : la TPS et la TVQ s'ajoutent sur la facture.", "Amounts before tax: TPS and TVQ are added on the invoice.")}
}
