package store

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/payload-tracker/payload-tracker/rollup"
)

// Numbers are how payloads fared that came to a service in a time.
type Numbers struct {
	Received                int64
	Succeeded, Failed, Open int64 // as they stand now
	Retried                 int64 // a success has come after a failure
	Duration                *Percentiles
}

// SuccessRate is the share that succeeded of those that ended, from 0 to 1;
// nil where none did.
func (n *Numbers) SuccessRate() *float64 {
	ended := n.Succeeded + n.Failed
	if ended == 0 {
		return nil
	}
	rate := float64(n.Succeeded) / float64(ended)
	return &rate
}

// ServiceNumbers are the numbers of one service, and those of the window
// before.
type ServiceNumbers struct {
	Name string
	Numbers
	Before Numbers
	Trend  []ServicePoint
}

// ServicePoint is one step of a service's trend.
type ServicePoint struct {
	At                          time.Time // when it begins
	Received, Succeeded, Failed int64
	P95                         *time.Duration // of those that ended
}

type stageRow struct {
	Bucket    time.Time
	Service   string
	Received  int64
	Succeeded int64
	Failed    int64
	Open      int64
	Retried   int64
	Durations []byte
}

func (r *stageRow) stage() (rollup.Stage, error) {
	s := rollup.Stage{Received: r.Received, Succeeded: r.Succeeded, Failed: r.Failed, Open: r.Open, Retried: r.Retried}
	return s, s.Durations.UnmarshalBinary(r.Durations)
}

// Services are the numbers of the services that payloads came to within the
// window, or the one before it, by name. A window is counted by whole
// buckets: of five minutes where it lies within two days, else of an hour.
func (s *Store) Services(ctx context.Context, window Window, filter NumbersFilter) ([]*ServiceNumbers, error) {
	filter, f, err := s.frame(ctx, window, filter)
	if err != nil {
		return nil, err
	}
	rows, err := s.stageRows(ctx, &f, filter, f.now, f.before)
	if err != nil {
		return nil, err
	}
	type sums struct {
		now, before rollup.Stage
		points      []rollup.Stage
	}
	points, services := f.points(), map[string]*sums{}
	for i := range rows {
		r := &rows[i]
		stage, err := r.stage()
		if err != nil {
			return nil, err
		}
		service := services[r.Service]
		if service == nil {
			service = &sums{points: make([]rollup.Stage, len(points))}
			services[r.Service] = service
		}
		if r.Bucket.Before(f.now.from) {
			service.before.Merge(stage)
			continue
		}
		service.now.Merge(stage)
		service.points[f.point(r.Bucket)].Merge(stage)
	}
	var list []*ServiceNumbers
	for _, name := range slices.Sorted(maps.Keys(services)) {
		of := services[name]
		numbers := &ServiceNumbers{Name: name, Numbers: numbersOf(&of.now), Before: numbersOf(&of.before)}
		for i, at := range points {
			numbers.Trend = append(numbers.Trend, pointOf(at, &of.points[i]))
		}
		list = append(list, numbers)
	}
	return list, nil
}

// frame checks what numbers are asked for, and says which buckets have them.
func (s *Store) frame(ctx context.Context, window Window, filter NumbersFilter) (NumbersFilter, frame, error) {
	filter = filter.Given()
	if err := filter.check(); err != nil {
		return filter, frame{}, err
	}
	scope, err := s.scope(ctx)
	if err != nil {
		return filter, frame{}, err
	}
	filter = filter.within(scope)
	_, byOrg := filter.orgs()
	f, err := frameOf(&window, walk{}.now(filter.Now, s.Now), byOrg)
	return filter, f, err
}

// stageRows are the counts of services, or of stages where a source is asked
// for.
func (s *Store) stageRows(ctx context.Context, f *frame, filter NumbersFilter, spans ...span) ([]stageRow, error) {
	w := filter.stages()
	orgs, _ := filter.orgs()
	from, args := f.from("stage_rollups", orgs, w, spans...)
	var rows []stageRow
	err := s.read(ctx, "services", &rows, `SELECT r.bucket, r.service, r.received, r.succeeded, r.failed, r.open, r.retried, r.durations `+from, args...)
	return rows, err
}

func (f *NumbersFilter) stages() where {
	var w where
	scopes := []rollup.Scope{rollup.WholeService, rollup.Both}
	if f.Source != nil {
		scopes[0] = rollup.OneStage
		w.text("r.source", false, f.Source.lower())
	}
	w.and("r.scope IN (?)", bun.List(scopes))
	w.text("r.service", false, f.Service.lower())
	return w
}

func numbersOf(s *rollup.Stage) Numbers {
	return Numbers{
		Received: s.Received, Succeeded: s.Succeeded, Failed: s.Failed, Open: s.Open, Retried: s.Retried,
		Duration: percentilesOf(s.Durations),
	}
}

func pointOf(at time.Time, s *rollup.Stage) ServicePoint {
	p := ServicePoint{At: at, Received: s.Received, Succeeded: s.Succeeded, Failed: s.Failed}
	if p95, ok := s.Durations.Percentile(0.95); ok {
		p.P95 = &p95
	}
	return p
}
