package fee_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/fee"
)

func dollars(t testing.TB, text string) hub.Money {
	t.Helper()
	if text == "" {
		return hub.Money{}
	}
	m, err := hub.Dollars(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// deal is a contract in few words.
type deal struct {
	track, start, end, monthly, install string
	months                              int
	signedOnly                          bool
	benefits                            []benefit
}

type benefit struct{ kind, regular, granted, economy string }

func (d deal) facts(t testing.TB) fee.Facts {
	t.Helper()
	f := fee.Facts{Track: d.track, Start: erpnext.Date(d.start), End: erpnext.Date(d.end), Months: d.months, NotInstalled: d.signedOnly,
		Monthly: dollars(t, d.monthly), InstallFee: dollars(t, d.install)}
	for _, b := range d.benefits {
		f.Benefits = append(f.Benefits, erpnext.ContractBenefit{Kind: b.kind, RegularPrice: dollars(t, b.regular),
			GrantedPrice: dollars(t, b.granted), Economy: dollars(t, b.economy)})
	}
	return f
}

// sum is a fee in few words: months, then amounts.
type sum struct {
	elapsed, remaining              int
	benefits, rest, total, cap      string
	goods, noGoods, install, beside string
}

func said(f fee.Fee) sum {
	s := sum{elapsed: f.Elapsed, remaining: f.Remaining, benefits: f.FeeBenefits.String(), rest: f.FeeRemaining.String(), total: f.FeeTotal.String(),
		goods: f.GoodsResidual.String(), noGoods: f.NoGoodsCap.String(), install: f.InstallBalance.String(), beside: f.InstallDue.String()}
	if f.LegalCap != nil {
		s.cap = f.LegalCap.String()
	}
	return s
}

const (
	res = fee.Residential
	com = fee.Commercial
)

var (
	router  = benefit{kind: fee.GoodsRebate, regular: "240", granted: "0", economy: "240"}
	promo   = benefit{kind: fee.ServiceDiscount, regular: "60", granted: "40", economy: "20"}
	present = benefit{kind: fee.Gift, economy: "60"}
)

// row is a contract, the day on which it is ended, and what that costs.
type row struct {
	deal  deal
	on    string
	rules fee.Rules
	want  sum
}

// protected are contracts under the law.
func protected() map[string]row {
	return map[string]row{
		"nothing financed, service discount only: a cap, and no fee under it": {
			deal{track: res, start: "2026-01-01", months: 24, monthly: "59.95", benefits: []benefit{promo}}, "2026-06-15", fee.Rules{},
			sum{6, 18, "0.00", "0.00", "0.00", "50.00", "0.00", "50.00", "0.00", "0.00"},
		},
		"standard installation, 10 $ a month, inside the cap of 50 $": {
			deal{track: res, start: "2026-01-01", months: 24, monthly: "59.95", install: "240"}, "2026-06-15", fee.Rules{},
			sum{6, 18, "0.00", "50.00", "50.00", "50.00", "0.00", "50.00", "180.00", "0.00"},
		},
		"simple installation, 5 $ a month, its balance below the cap": {
			deal{track: res, start: "2026-01-01", months: 24, monthly: "59.95", install: "120"}, "2027-07-02", fee.Rules{},
			sum{19, 5, "0.00", "25.00", "25.00", "29.97", "0.00", "29.97", "25.00", "0.00"},
		},
		"10 % of what is not supplied is less than 50 $": {
			deal{track: res, start: "2026-01-15", months: 12, monthly: "39.95", install: "240"}, "2026-10-20", fee.Rules{},
			sum{10, 2, "0.00", "7.99", "7.99", "7.99", "0.00", "7.99", "140.00", "0.00"},
		},
		"rebate on goods melts evenly and is the cap": {
			deal{track: res, start: "2026-01-01", months: 24, monthly: "59.95", install: "240", benefits: []benefit{router, promo}}, "2026-05-31", fee.Rules{},
			sum{5, 19, "0.00", "190.00", "190.00", "190.00", "190.00", "50.00", "190.00", "0.00"},
		},
		"installation as a debt of its own: beside the fee, which is nothing": {
			deal{track: res, start: "2026-01-01", months: 24, monthly: "59.95", install: "240"}, "2026-06-15", fee.Rules{Separate: true},
			sum{6, 18, "0.00", "0.00", "0.00", "50.00", "0.00", "50.00", "180.00", "180.00"},
		},
		"a gift is never taken back": {
			deal{track: res, start: "2026-01-01", months: 12, monthly: "20", benefits: []benefit{present}}, "2026-01-02", fee.Rules{},
			sum{1, 11, "0.00", "0.00", "0.00", "22.00", "0.00", "22.00", "0.00", "0.00"},
		},
		"commercial: what is left to pay, and what is left of the benefits": {
			deal{track: com, start: "2026-01-01", months: 36, monthly: "129.95", benefits: []benefit{router, present}}, "2027-01-01", fee.Rules{},
			sum{13, 23, "191.66", "2988.85", "3180.51", "", "153.33", "50.00", "0.00", "0.00"},
		},
	}
}

// others are those at the edges.
func others() map[string]row {
	return map[string]row{
		"before the service begins nothing has elapsed": {
			deal{track: res, start: "2026-07-01", months: 12, monthly: "50", install: "120", signedOnly: true}, "2026-06-01", fee.Rules{},
			sum{0, 12, "0.00", "0.00", "0.00", "50.00", "0.00", "50.00", "0.00", "0.00"},
		},
		"without a term nothing is owed": {
			deal{track: res, monthly: "50", install: "240"}, "2026-06-01", fee.Rules{},
			sum{0, 0, "0.00", "0.00", "0.00", "0.00", "0.00", "0.00", "0.00", "0.00"},
		},
		"after the term nothing is owed": {
			deal{track: com, start: "2024-01-01", months: 24, monthly: "50", benefits: []benefit{router}}, "2026-01-01", fee.Rules{},
			sum{24, 0, "0.00", "0.00", "0.00", "", "0.00", "0.00", "0.00", "0.00"},
		},
		"the last month is elapsed as soon as it begins": {
			deal{track: com, start: "2024-01-01", months: 24, monthly: "50"}, "2025-12-01", fee.Rules{},
			sum{24, 0, "0.00", "0.00", "0.00", "", "0.00", "0.00", "0.00", "0.00"},
		},
		"rebates of less than nothing count for nothing": {
			deal{track: com, start: "2026-01-01", months: 10, monthly: "-5", benefits: []benefit{{kind: fee.GoodsRebate, economy: "-80"}}}, "2026-01-01", fee.Rules{},
			sum{1, 9, "0.00", "0.00", "0.00", "", "0.00", "0.00", "0.00", "0.00"},
		},
		"a service for nothing has no price of which to take 10 %": {
			deal{track: res, start: "2026-01-01", months: 24, install: "240"}, "2026-02-01", fee.Rules{},
			sum{2, 22, "0.00", "0.00", "0.00", "0.00", "0.00", "0.00", "220.00", "0.00"},
		},
		"an economy that nobody wrote is the difference of the prices": {
			deal{track: com, start: "2026-01-01", months: 12, monthly: "10", benefits: []benefit{{kind: fee.GoodsRebate, regular: "120", granted: "60"}}}, "2026-06-30", fee.Rules{},
			sum{6, 6, "30.00", "60.00", "90.00", "", "30.00", "6.00", "0.00", "0.00"},
		},
		"the law's maximum is cut to the cent, never rounded up": {
			deal{track: res, start: "2026-01-01", months: 24, monthly: "60", install: "240", benefits: []benefit{{kind: fee.GoodsRebate, economy: "100"}}}, "2026-05-01", fee.Rules{},
			sum{5, 19, "0.00", "79.16", "79.16", "79.16", "79.16", "50.00", "190.00", "0.00"},
		},
	}
}

func TestFees(t *testing.T) {
	t.Parallel()
	rows := protected()
	maps.Copy(rows, others())
	for name, c := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := fee.Of(c.deal.facts(t), erpnext.Date(c.on), c.rules)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, said(got), cmp.AllowUnexported(sum{})); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
		})
	}
}

func TestMonthsBeginOnTheirDay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		start, end string
		months     int
		on         string
		elapsed    int
	}{
		{"2026-01-15", "", 12, "2026-01-14", 0},
		{"2026-01-15", "", 12, "2026-01-15", 1},
		{"2026-01-15", "", 12, "2026-02-14", 1},
		{"2026-01-15", "", 12, "2026-02-15", 2}, // the anniversary begins a month
		{"2026-01-31", "", 12, "2026-02-27", 1},
		{"2026-01-31", "", 12, "2026-02-28", 2}, // the last day stands for the 31st
		{"2026-01-31", "", 12, "2026-03-30", 2},
		{"2026-01-31", "", 12, "2026-03-31", 3},
		{"2028-02-29", "", 24, "2029-02-27", 12},
		{"2028-02-29", "", 24, "2029-02-28", 13},
		{"2026-03-08", "", 12, "2026-04-08", 2}, // the clock goes forward on the first day
		{"2026-11-01", "", 12, "2026-12-01", 2}, // and back
		{"2026-01-01", "2026-12-31", 0, "2026-06-30", 6},
		{"2026-01-01", "2027-01-01", 0, "2026-06-30", 6},
		{"", "2027-01-01", 12, "2026-03-01", 3},
		{"2026-01-01", "2026-06-30", 12, "2026-07-01", 12}, // the day written as the end wins
		{"2026-01-01", "", 12, "2031-01-01", 12},
	} {
		f, err := fee.Of(deal{track: res, start: c.start, end: c.end, months: c.months, monthly: "50"}.facts(t), erpnext.Date(c.on), fee.Rules{})
		if err != nil || f.Elapsed != c.elapsed || f.Elapsed+f.Remaining != f.Total {
			t.Errorf("%s + %d (%s) on %s: %d of %d elapsed, want %d; %v", c.start, c.months, c.end, c.on, f.Elapsed, f.Total, c.elapsed, err)
		}
	}
}

func TestTermWithoutBeginningIsRefused(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]deal{"months only": {track: res, months: 12}, "end only": {track: com, end: "2027-01-01"}} {
		if _, err := fee.Of(d.facts(t), "2026-06-01", fee.Rules{}); !hub.HasCode(err, "fee-undated") || !hub.IsKind(err, hub.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := fee.Of(deal{track: res}.facts(t), "2026-02-30", fee.Rules{}); !hub.IsKind(err, hub.Invalid) {
		t.Errorf("no day of the calendar: %v", err)
	}
}

// TestARebateMeltsDayByDay is 480 $ off a router over 24 months, and 50 $ a month:
// each row was worked out by hand.
func TestARebateMeltsDayByDay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ start, on, goods, noGoods, ten, five string }{
		{"2026-01-01", "2025-12-31", "480.00", "50.00", "240.00", "120.00"}, // before it begins
		{"2026-01-01", "2026-01-01", "460.00", "50.00", "230.00", "115.00"}, // the first month has begun
		{"2026-01-01", "2026-01-02", "460.00", "50.00", "230.00", "115.00"},
		{"2026-01-01", "2026-01-31", "460.00", "50.00", "230.00", "115.00"},
		{"2026-01-01", "2026-02-01", "440.00", "50.00", "220.00", "110.00"}, // a month to the day
		{"2026-01-01", "2027-02-28", "200.00", "50.00", "100.00", "50.00"},
		{"2026-01-01", "2027-04-01", "160.00", "40.00", "80.00", "40.00"},
		{"2026-01-01", "2027-11-30", "20.00", "5.00", "10.00", "5.00"}, // the 23rd
		{"2026-01-01", "2027-12-01", "0.00", "0.00", "0.00", "0.00"},   // 23 months to the day: the last has begun
		{"2026-01-01", "2028-01-01", "0.00", "0.00", "0.00", "0.00"},   // it is over
		{"2026-01-31", "2026-02-27", "460.00", "50.00", "230.00", "115.00"},
		{"2026-01-31", "2026-02-28", "440.00", "50.00", "220.00", "110.00"},
		{"2024-02-29", "2025-02-27", "240.00", "50.00", "120.00", "60.00"},
		{"2024-02-29", "2025-02-28", "220.00", "50.00", "110.00", "55.00"},
		{"2024-02-29", "2026-02-27", "0.00", "0.00", "0.00", "0.00"},
	} {
		d := deal{track: res, start: c.start, months: 24, monthly: "50", install: "240", benefits: []benefit{{kind: fee.GoodsRebate, economy: "480"}, promo}}
		standard, err := fee.Of(d.facts(t), erpnext.Date(c.on), fee.Rules{})
		d.install, d.benefits = "120", []benefit{promo}
		simple, bad := fee.Of(d.facts(t), erpnext.Date(c.on), fee.Rules{})
		if err != nil || bad != nil {
			t.Fatal(err, bad)
		}
		got := []string{standard.LegalCap.String(), simple.LegalCap.String(), standard.InstallBalance.String(), simple.InstallBalance.String(), standard.FeeTotal.String()}
		if diff := cmp.Diff([]string{c.goods, c.noGoods, c.ten, c.five, c.ten}, got); diff != "" || simple.FeeTotal.GreaterThan(simple.LegalCap.Decimal) {
			t.Errorf("from %s, ended on %s (-want +got):\n%s", c.start, c.on, diff)
		}
	}
}

func TestWhatAPersonWroteStaysUnderTheLaw(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		track, benefits, total string
		want                   []string // benefits, rest, total
		capped                 bool
	}{
		{res, "100", "300", []string{"50.00", "0.00", "50.00"}, true},
		{res, "", "30", []string{"0.00", "30.00", "30.00"}, false},
		{res, "-10", "-30", []string{"0.00", "0.00", "0.00"}, false},
		{com, "100", "300", []string{"100.00", "200.00", "300.00"}, false},
		{com, "400", "300", []string{"300.00", "0.00", "300.00"}, false},
	} {
		f, err := fee.Of(deal{track: c.track, start: "2026-01-01", months: 24, monthly: "59.95", install: "240"}.facts(t), "2026-06-15", fee.Rules{Separate: true})
		if err != nil {
			t.Fatal(err)
		}
		f = f.Written(dollars(t, c.benefits), dollars(t, c.total))
		got := []string{f.FeeBenefits.String(), f.FeeRemaining.String(), f.FeeTotal.String()}
		if diff := cmp.Diff(c.want, got); diff != "" || f.Capped != c.capped || !f.Due().Equal(f.FeeTotal.Decimal) {
			t.Errorf("%s of %s (-want +got):\n%s", c.benefits, c.total, diff)
		}
	}
}

func TestExplanationsNameTheAmounts(t *testing.T) {
	t.Parallel()
	d := deal{track: res, start: "2026-01-01", months: 24, monthly: "59.95", install: "240"}
	for _, c := range []struct {
		deal  deal
		rules fee.Rules
		lang  hub.Lang
		want  []string
	}{
		{d, fee.Rules{}, hub.French, []string{"6 sur 24", "18", "50,00\u00a0$", "180,00\u00a0$", "Le maximum légal s'applique.", "la TPS et la TVQ s'ajoutent"}},
		{d, fee.Rules{}, hub.English, []string{"6 of 24", "$50.00", "$180.00", "The legal maximum applies."}},
		{d, fee.Rules{Separate: true}, hub.English, []string{"a debt apart"}},
		{deal{track: res, start: "2026-01-01", months: 24, benefits: []benefit{router}}, fee.Rules{}, hub.French, []string{"Rabais sur un bien", "180,00\u00a0$", "Rien d'autre n'est dû : seul le solde d'une installation financée est réclamé.", "Frais de résiliation : 0,00\u00a0$."}},
		{deal{track: res, start: "2026-01-01", months: 24, benefits: []benefit{router}}, fee.Rules{}, hub.English, []string{"Nothing else is owed: only the open balance"}},
		{deal{track: com, start: "2026-01-01", months: 24, monthly: "10"}, fee.Rules{}, hub.English, []string{"Monthly payments left: $180.00", "Total: $180.00.", "TPS and TVQ are added"}},
		{deal{track: res}, fee.Rules{}, hub.French, []string{"sans durée"}},
		{deal{track: res, start: "2020-01-01", months: 1}, fee.Rules{}, hub.English, []string{"is over"}},
		{deal{track: res, start: "2027-01-01", months: 1}, fee.Rules{}, hub.French, []string{"n'a pas commencé"}},
	} {
		f, err := fee.Of(c.deal.facts(t), "2026-06-15", c.rules)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(f.Explain(c.lang), "\n")
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("%q is missing in:\n%s", want, text)
			}
		}
		if owed := f.Due().IsPositive(); owed != strings.Contains(text, "TVQ") || owed && strings.Contains(text, "Nothing else") {
			t.Errorf("%s is owed:\n%s", f.Due(), text)
		}
	}
}
