package stock

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
)

const (
	eventsPerPayload = 12
	orgs             = 500

	largeEvents = 50_000
	odd         = 30 // payloads with a date far from the others

	failedShare, openShare = 0.08, 0.01
)

// What bench/lists asks for by name.
const (
	LargestOrg  = "10000000" // a third of all payloads
	TiniestOrg  = "10000499" // some dozens
	RareStatus  = "quarantined"
	RareText    = "sector 0xBADC0DE unreadable" // in a message of RareStatus
	CommonText  = "timed out"                   // in a twentieth of the failures, and nowhere else
	FailingStep = "inventory"
)

// Plan says which journeys there are: the same plan gives the same ones,
// whichever are asked for first.
type Plan struct {
	Seed  uint64
	Began time.Time     // when the first one starts
	Every time.Duration // from one start to the next
	Odd   int           // of so many journeys one has an odd date
}

// newPlan has so many events within so long before now.
func newPlan(seed uint64, events int, within time.Duration, now time.Time) Plan {
	payloads := max(events/eventsPerPayload, 1)
	return Plan{
		Seed: seed, Began: now.Add(-within).UTC().Truncate(time.Second),
		Every: max((within / time.Duration(payloads)).Truncate(time.Microsecond), time.Microsecond), Odd: max(payloads/odd, 1),
	}
}

// Start of a journey.
func (p Plan) Start(number int) time.Time { return p.Began.Add(time.Duration(number) * p.Every) }

// Before is how many journeys start before a moment.
func (p Plan) Before(at time.Time) int {
	return max(0, int((at.Sub(p.Began)+p.Every-1)/p.Every))
}

// RequestID of a journey: spread like real ones.
func (p Plan) RequestID(number int) payload.RequestID { return p.id('r', number, 0) }

func (p Plan) id(kind byte, a, b int) payload.RequestID {
	random := rand.New(rand.NewPCG(p.Seed^uint64(kind)<<56^uint64(a)<<20, uint64(b)))
	var id payload.RequestID
	binary.BigEndian.PutUint64(id[:8], random.Uint64())
	binary.BigEndian.PutUint64(id[8:], random.Uint64())
	return id
}

// step is one word of a service on the good way; the last one ends its stage.
type step struct{ service, source, status string }

var trunk = []step{
	{"ingress", "", "received"},
	{"ingress", "", "success"},
	{"puptoo", "", "received"},
	{"puptoo", "", "processing"},
	{"puptoo", "", "success"},
	{"inventory", "inventory-mq", "received"},
	{"inventory", "inventory-mq", "success"},
}

// branches go on from the trunk, for the rest of a journey's twelve events.
var branches = [][]step{
	{
		{"advisor", "insights-client", "received"},
		{"advisor", "insights-client", "success"},
		{"vulnerability", "", "received"},
		{"vulnerability", "", "processing"},
		{"vulnerability", "", "success"},
	},
	{
		{"storage-broker", "", "received"},
		{"storage-broker", "", "success"},
		{"patchman", "", "received"},
		{"patchman", "", "processing"},
		{"patchman", "", "success"},
	},
	{
		{"compliance", "inventory", "received"},
		{"compliance", "inventory", "processing"},
		{"compliance", "inventory", "success"},
		{"storage-broker", "", "received"},
		{"storage-broker", "", "success"},
	},
}

// journey is one in the making.
type journey struct {
	Plan
	number int
	random *rand.Rand
	org    int
}

// Events of a journey, in the order of their dates but for an odd one.
func (p Plan) Events(number int) []payload.Event {
	j := journey{Plan: p, number: number, random: rand.New(rand.NewPCG(p.Seed, uint64(number)))}
	j.org = j.drawOrg()
	host := j.random.IntN(hostsOf(j.org))
	inventoryID, systemID := dashed(p.id('i', j.org, host)), dashed(p.id('s', j.org, host))
	requestID, orgID, account := p.RequestID(number), orgName(j.org), strconv.Itoa(6_000_000+j.org)
	events := make([]payload.Event, 0, eventsPerPayload)
	at := p.Start(number)
	for i, s := range j.way() {
		e := payload.Event{
			RequestID: requestID, Service: s.service, Source: s.source, Status: s.status, Message: j.message(s),
			Date: at, OrgID: orgID, Account: account,
		}
		switch s.service {
		case "ingress": // does not know the host yet
		case "inventory":
			e.OrgID, e.Account, e.InventoryID = "", "", inventoryID
		default:
			e.InventoryID, e.SystemID = inventoryID, systemID
		}
		if s.status == RareStatus {
			e.Message = RareText
		}
		if i == 1 && number%p.Odd == p.Odd/2 {
			e.Date = oddDate(number / p.Odd)
		}
		events = append(events, e)
		at = at.Add(time.Duration(20_000+j.random.IntN(2_800_000)) * time.Microsecond)
	}
	return events
}

// drawOrg gives the first one a third, and of the others the more the smaller
// their numbers are: the last ones have some dozens of payloads in a million.
func (j *journey) drawOrg() int {
	if j.random.IntN(3) == 0 {
		return 0
	}
	return 1 + rank(j.random.Float64())
}

// rank draws below orgs-1, as often as 1/(rank+1)^1.3 says.
func rank(x float64) int {
	i, _ := slices.BinarySearch(ranks, x*ranks[len(ranks)-1])
	return min(i, len(ranks)-1)
}

func orgName(org int) string { return strconv.Itoa(10_000_000 + org) }

// hostsOf an org, each of which uploads about once a day.
func hostsOf(org int) int { return max(1, 3_000/(org+1)) }

// way is the steps of a journey: to the end, or as far as it fails or falls
// silent, with one attempt after another until there are twelve.
func (j *journey) way() []step {
	way := append(slices.Clone(trunk), branches[j.random.IntN(len(branches))]...)
	if j.number%40_000 == 17 {
		way[3].status = RareStatus
	}
	fate := j.random.Float64()
	if fate >= failedShare+openShare {
		return way
	}
	last := 2 + j.random.IntN(len(way)-2)
	for way[last].status != "success" {
		last++
	}
	for i := last; i < len(way); i++ {
		way[i] = way[last]
		way[i].status = "processing"
	}
	if fate < failedShare {
		way[len(way)-1].status = []string{"error", "error", "error", "failed"}[j.random.IntN(4)]
	}
	return way
}

// message is what a service says; every fifth says nothing.
func (j *journey) message(s step) string {
	n := j.random.IntN(1 << 20)
	switch s.status {
	case "error", "failed":
		switch j.random.IntN(20) {
		case 0:
			return fmt.Sprintf("OperationalError: connection to server at 10.%d.%d.7, port 5432 %s", n%256, n/256%256, CommonText)
		case 1:
			return fmt.Sprintf("Traceback (most recent call last):\n  File \"/src/%s/process.py\", line %d, in handle\n    facts = read(path)\n"+
				"  File \"/src/%s/facts.py\", line %d, in read\n    cpus = int(text)\nValueError: invalid literal for int() with base 10: '%x'", s.service, n%900, s.service, n%1_000, n)
		default:
			return fmt.Sprintf("host validation failed: fqdn node-%05x.prod.example.net is longer than %d characters", n, 100+n%200)
		}
	case "processing":
		return fmt.Sprintf("unpacking /var/tmp/%08x/insights.tar.gz, attempt %d", n*4_001, 1+n%3)
	case "received":
		if n%5 == 0 {
			return ""
		}
		return fmt.Sprintf("message %d taken from platform.upload", n)
	}
	return fmt.Sprintf("done in %d ms, handed on to the next service", n%9_000)
}

// oddDate of the n-th payload that has one: any year but these.
func oddDate(n int) time.Time {
	years := []int{1970, 1984, 1999, 2001, 2010, 2015, 2032, 2038, 2077, 2150, 2199}
	return time.Date(years[n%len(years)], time.Month(1+n%12), 1+n%28, 3, 14, 15, 926_535_000, time.UTC)
}

// LargeID is the request id of the payload with the most events.
func (p Plan) LargeID() payload.RequestID { return p.id('l', 0, 0) }

// large are its events, within some hours: a third party tells each rule.
func (p Plan) large(start time.Time) []payload.Event {
	events := make([]payload.Event, largeEvents)
	for i := range events {
		events[i] = payload.Event{
			RequestID: p.LargeID(), Service: "advisor", Source: "third-party", Status: "processing", Date: start.Add(time.Duration(i) * 200 * time.Millisecond),
			Message: fmt.Sprintf("rule %d of the content pack hit", i), OrgID: orgName(3), Account: strconv.Itoa(6_000_003),
		}
	}
	events[0].Status, events[largeEvents-1].Status = "received", "success"
	return events
}

// Host is a machine of an org that has sent payloads, by both its ids.
func (p Plan) Host(org, host int) (inventoryID, systemID string) {
	host %= hostsOf(org)
	return dashed(p.id('i', org, host)), dashed(p.id('s', org, host))
}

func dashed(id payload.RequestID) string {
	text := id.String()
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}
